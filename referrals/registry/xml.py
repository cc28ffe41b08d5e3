"""Records in the XML that ClinicalTrials.gov published until 2024: one `clinical_study` each.

https://clinicaltrials.gov/ct2/html/images/info/public.xsd was its schema. Records before 2017 have
`firstreceived_date` and `lastchanged_date` where later ones have the dates of posting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from referrals.registry.studies import (
    Intervention,
    Person,
    Place,
    Reason,
    Shape,
    Study,
    Unusable,
    text,
    texts,
)

ROOT = "clinical_study"


@dataclass(slots=True)
class Element:
    """An element with its text and children."""

    name: str
    parts: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Element"]:
        """The elements at `path`, names joined by slashes."""
        first, _slash, rest = path.partition("/")
        for child in self.children:
            if child.name == first:
                yield from child.all(rest) if rest else (child,)

    def text(self, path: str) -> str:
        """The text of the first element at `path`; blank when there is none."""
        found = next(self.all(path), None)
        return text("".join(found.parts)) if found else ""

    def has(self, path: str) -> bool:
        return next(self.all(path), None) is not None


def parse(content: bytes) -> Element:
    """The root element. Raises Unusable for what is no XML, and for XML that declares entities."""
    root = Element("")
    open_elements = [root]

    def start(name: str, _attributes: dict[str, str]) -> None:
        element = Element(name)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def refuse(*_declaration: object) -> None:
        raise Unusable(Reason.UNREADABLE, "The XML declares entities.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda data: open_elements[-1].parts.append(data)
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unusable(Reason.UNREADABLE, "It is no well-formed XML.") from error
    return root.children[0]


def study(root: Element) -> Study:
    """The study in one `clinical_study` element."""
    return Study(
        number=root.text("id_info/nct_id"),
        shape=Shape.XML,
        title=root.text("brief_title"),
        official_title=root.text("official_title"),
        org_study_id=root.text("id_info/org_study_id"),
        secondary_ids=_texts(root, "id_info/secondary_id"),
        sponsor=root.text("sponsors/lead_sponsor/agency"),
        status=root.text("overall_status"),
        study_type=root.text("study_type"),
        phases=texts(root.text("phase").split("/") if root.text("phase") != "N/A" else ["N/A"]),
        conditions=_texts(root, "condition"),
        interventions=[
            Intervention(
                one.text("intervention_type"),
                one.text("intervention_name"),
                _texts(one, "other_name"),
            )
            for one in root.all("intervention")
        ],
        sex=root.text("eligibility/gender"),
        minimum_age=root.text("eligibility/minimum_age"),
        maximum_age=root.text("eligibility/maximum_age"),
        healthy_volunteers=root.text("eligibility/healthy_volunteers"),
        criteria=_dedented(root.text("eligibility/criteria/textblock")),
        places=_places(root),
        contacts=_people(root, "overall_contact", "overall_contact_backup"),
        access_types=[
            kind
            for kind in ("individual", "intermediate", "treatment")
            if root.text(f"expanded_access_info/expanded_access_type_{kind}") == "Yes"
        ],
        has_expanded_access=root.text("has_expanded_access").partition(",")[0],
        expanded_access_id=root.text("expanded_access_info/expanded_access_nct_id"),
        first_posted=root.text("study_first_posted") or root.text("firstreceived_date"),
        last_update_posted=root.text("last_update_posted") or root.text("lastchanged_date"),
        completion=root.text("completion_date"),
    )


def _texts(root: Element, path: str) -> tuple[str, ...]:
    return texts("".join(one.parts) for one in root.all(path))


def _places(root: Element) -> Sequence[Place]:
    return [
        Place(
            facility=one.text("facility/name"),
            city=one.text("facility/address/city"),
            state=one.text("facility/address/state"),
            postal_code=one.text("facility/address/zip"),
            country=one.text("facility/address/country"),
            status=one.text("status"),
            contacts=_people(one, "contact", "contact_backup", "investigator"),
        )
        for one in root.all("location")
    ]


def _people(root: Element, *paths: str) -> tuple[Person, ...]:
    return tuple(
        Person(
            name=" ".join(
                filter(
                    None, (one.text("first_name"), one.text("middle_name"), one.text("last_name"))
                )
            ),
            role=one.text("role") or path.replace("_", " "),
            phone=" ext. ".join(filter(None, (one.text("phone"), one.text("phone_ext")))),
            email=one.text("email"),
        )
        for path in paths
        for one in root.all(path)
    )


def _dedented(block: str) -> str:
    """A text block without the margin that the XML gave its lines."""
    lines = block.splitlines()
    margins = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(margins, default=0)
    return "\n".join([*lines[:1], *(line[margin:].rstrip() for line in lines[1:])])
