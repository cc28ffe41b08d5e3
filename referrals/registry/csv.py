"""Records of the table that ClinicalTrials.gov offers to download, with the site's own headings.

The reader takes the columns there are, as people choose them when they download. Two things in
it are kept as they are written: a site is one text in which facility, city and region cannot be
told apart, and the present download gives age groups in place of the age limits.
"""

import re
from collections.abc import Mapping, Sequence

from referrals.registry.studies import Intervention, Place, Shape, Study, text, texts

NUMBER = "NCT Number"

# "18 Years to 65 Years   (Adult, Older Adult)", "up to 17 Years", "6 Months and older".
_AGE = r"\d+ (?:Year|Month|Week|Day|Hour|Minute)s?"
_FROM_TO = re.compile(rf"({_AGE}) to ({_AGE})\b")
_FROM = re.compile(rf"({_AGE}) and older\b")
_TO = re.compile(rf"up to ({_AGE})\b")


def study(row: Mapping[str, str]) -> Study:
    """The study in one row, its cells by heading.

    Where there are two headings, the second is that of the site until 2024.
    """

    def cell(*headings: str) -> str | None:
        return next((text(row[name]) for name in headings if name in row), None)

    def cells(*headings: str) -> Sequence[str] | None:
        found = cell(*headings)
        return None if found is None else texts(found.split("|"))

    numbers = cells("Other IDs")
    interventions = cells("Interventions")
    places = cells("Locations")
    sponsor = cell("Sponsor")
    if sponsor is None:
        sponsor = next(iter(cells("Sponsor/Collaborators") or ()), None)
    youngest, oldest = _ages(cell("Age"))
    kind, access_types = _kind(cell("Study Type"))
    return Study(
        number=text(row[NUMBER]),
        shape=Shape.CSV,
        org_study_id=None if numbers is None else next(iter(numbers), ""),
        secondary_ids=None if numbers is None else numbers[1:],
        sponsor=sponsor,
        study_type=kind,
        access_types=access_types,
        phases=cells("Phases"),
        conditions=cells("Conditions"),
        interventions=None if interventions is None else [_intervention(o) for o in interventions],
        sex=cell("Sex", "Gender"),
        minimum_age=youngest,
        maximum_age=oldest,
        places=None if places is None else [_place(one) for one in places],
        title=cell("Study Title", "Title"),
        status=cell("Study Status", "Status"),
        first_posted=cell("First Posted"),
        last_update_posted=cell("Last Update Posted"),
        completion=cell("Completion Date"),
    )


def _intervention(written: str) -> Intervention:
    kind, colon, name = written.partition(":")
    return Intervention(kind.strip(), name.strip()) if colon else Intervention(name=written)


def _kind(written: str | None) -> tuple[str | None, Sequence[str] | None]:
    """The type, and the kinds of access: `Expanded Access:Individual Patients|Treatment IND`."""
    if written is None:
        return None, None
    kind, colon, access = written.partition(":")
    if not colon:
        return kind, None
    return kind.strip(), [re.split(r"[^a-z]", one.lower())[0] for one in texts(access.split("|"))]


def _place(written: str) -> Place:
    """The country is what the text ends with; `meanings` looks for the longest name it knows."""
    return Place(facility=written)


def _ages(written: str | None) -> tuple[str | None, str | None]:
    """Both limits; None where the cell has the age groups only."""
    if written is None:
        return None, None
    if found := _FROM_TO.search(written):
        return found[1], found[2]
    if found := _FROM.search(written):
        return found[1], ""
    if found := _TO.search(written):
        return "", found[1]
    return None, None
