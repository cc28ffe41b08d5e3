"""Records of the ClinicalTrials.gov API, version 2, as JSON.

https://clinicaltrials.gov/data-api/about-api/study-data-structure names the modules and fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from referrals.registry.studies import (
    Intervention,
    Person,
    Place,
    Shape,
    Study,
    listed,
    mapping,
    text,
    texts,
)

PROTOCOL = "protocolSection"


def study(record: Mapping[str, Any]) -> Study:
    """The study in one JSON object. Raises Unusable when its parts are not what they should be."""
    protocol = mapping(record.get(PROTOCOL))

    def module(name: str) -> Mapping[str, Any]:
        return mapping(protocol.get(f"{name}Module"))

    ids, status, design = module("identification"), module("status"), module("design")
    eligibility, contacts = module("eligibility"), module("contactsLocations")
    access = mapping(status.get("expandedAccessInfo"))
    return Study(
        number=text(ids.get("nctId")),
        shape=Shape.API,
        title=text(ids.get("briefTitle")),
        official_title=text(ids.get("officialTitle")),
        org_study_id=text(mapping(ids.get("orgStudyIdInfo")).get("id")),
        secondary_ids=texts(mapping(one).get("id") for one in listed(ids.get("secondaryIdInfos"))),
        sponsor=text(mapping(module("sponsorCollaborators").get("leadSponsor")).get("name")),
        status=text(status.get("overallStatus")),
        study_type=text(design.get("studyType")),
        phases=texts(listed(design.get("phases"))),
        conditions=texts(listed(module("conditions").get("conditions"))),
        interventions=_interventions(module("armsInterventions")),
        sex=text(eligibility.get("sex")),
        minimum_age=text(eligibility.get("minimumAge")),
        maximum_age=text(eligibility.get("maximumAge")),
        healthy_volunteers=text(eligibility.get("healthyVolunteers")),
        criteria=text(eligibility.get("eligibilityCriteria")),
        places=_places(contacts),
        contacts=_people(contacts.get("centralContacts")),
        access_types=[
            name for name, given in mapping(design.get("expandedAccessTypes")).items() if given
        ],
        has_expanded_access=text(access.get("hasExpandedAccess")),
        expanded_access_id=text(access.get("nctId")),
        first_posted=_date(status, "studyFirstPost"),
        last_update_posted=_date(status, "lastUpdatePost"),
        completion=_date(status, "completion"),
    )


def _date(status: Mapping[str, Any], name: str) -> str:
    return text(mapping(status.get(f"{name}DateStruct")).get("date"))


def _interventions(module: Mapping[str, Any]) -> Sequence[Intervention]:
    given = (mapping(one) for one in listed(module.get("interventions")))
    return [
        Intervention(
            text(one.get("type")), text(one.get("name")), texts(listed(one.get("otherNames")))
        )
        for one in given
    ]


def _places(module: Mapping[str, Any]) -> Sequence[Place]:
    given = (mapping(one) for one in listed(module.get("locations")))
    return [
        Place(
            facility=text(one.get("facility")),
            city=text(one.get("city")),
            state=text(one.get("state")),
            postal_code=text(one.get("zip")),
            country=text(one.get("country")),
            status=text(one.get("status")),
            contacts=_people(one.get("contacts")),
        )
        for one in given
    ]


def _people(value: Any) -> tuple[Person, ...]:
    return tuple(
        Person(
            name=text(one.get("name")),
            role=text(one.get("role")),
            phone=_phone(one),
            email=text(one.get("email")),
        )
        for one in map(mapping, listed(value))
    )


def _phone(one: Mapping[str, Any]) -> str:
    extension = text(one.get("phoneExt"))
    return " ext. ".join(filter(None, (text(one.get("phone")), extension)))
