"""Records in the shape of the ClinicalTrials.gov API; studies and people are invented."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "registry"


def api_study(number: int = 90000001, **changes: Any) -> dict[str, Any]:
    """A record with everything the catalogue takes.

    `changes` are by path: `status="COMPLETED"`, or `statusModule__overallStatus="COMPLETED"`.
    """
    record = {
        "protocolSection": {
            "identificationModule": {
                "nctId": f"NCT{number:08d}",
                "orgStudyIdInfo": {"id": "INV-1"},
                "secondaryIdInfos": [{"id": "2024-500001-10-00", "type": "CTIS"}],
                "briefTitle": "Inventinib in Duchenne",
                "officialTitle": "A Study of Inventinib in Boys With Duchenne Muscular Dystrophy",
            },
            "statusModule": {
                "overallStatus": "RECRUITING",
                "expandedAccessInfo": {"hasExpandedAccess": True, "nctId": "NCT90000099"},
                "completionDateStruct": {"date": "2027-12"},
                "studyFirstPostDateStruct": {"date": "2024-01-05"},
                "lastUpdatePostDateStruct": {"date": "2025-02-06"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Invented Pharma"}},
            "conditionsModule": {"conditions": ["DMD", "Made-up Dystrophy"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"]},
            "armsInterventionsModule": {
                "interventions": [
                    {"type": "DRUG", "name": "Inventinib", "otherNames": ["INV-001"]},
                ]
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion Criteria:\n\n* Boys who walk",
                "healthyVolunteers": False,
                "sex": "MALE",
                "minimumAge": "6 Months",
                "maximumAge": "17 Years",
            },
            "contactsLocationsModule": {
                "centralContacts": [
                    {
                        "name": "Ada Example",
                        "role": "CONTACT",
                        "phone": "555-0100",
                        "phoneExt": "7",
                        "email": "ada@example.org",
                    }
                ],
                "locations": [
                    {
                        "facility": "Invented Hospital",
                        "status": "RECRUITING",
                        "city": "Leiden",
                        "zip": "2333",
                        "country": "Netherlands",
                        "contacts": [{"name": "Bo Example", "role": "CONTACT"}],
                    },
                    {"facility": "Research Site", "city": "Ankara", "country": "Turkey (Türkiye)"},
                    {"facility": "Research Site", "city": "Ankara", "country": "Turkey (Türkiye)"},
                ],
            },
        },
        "hasResults": False,
    }
    for path, value in changes.items():
        *modules, last = path.split("__")
        part: Any = record["protocolSection"]
        for name in modules:
            part = part[name]
        part[last] = value
    return record


def status(word: str, *, updated: str = "2025-03-07") -> dict[str, Any]:
    """The changes of a record whose status is this word now."""
    return {
        "statusModule__overallStatus": word,
        "statusModule__lastUpdatePostDateStruct": {"date": updated},
    }


def access(number: int = 90000012, **changes: Any) -> dict[str, Any]:
    """A record of expanded access."""
    return api_study(
        number,
        designModule={
            "studyType": "EXPANDED_ACCESS",
            "expandedAccessTypes": {"individual": True, "treatment": False},
        },
        statusModule__overallStatus="AVAILABLE",
        **changes,
    )


def written(folder: Path, *records: dict[str, Any], name: str = "studies.jsonl") -> Path:
    """A file of JSON Lines with these records."""
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path
