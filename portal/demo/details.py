"""What the legacy CRM has no column for: where somebody lives, and how and when to call them.

Invented after the import, always in the same way. The phone numbers lie in ranges that are kept
for fiction or given to nobody.
"""

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from crm_import.demo.names import CULTURES
from patients.models import Patient

WITH_PHONE, WITH_BIRTHDAY = 0.85, 0.6


class Home(NamedTuple):
    """A country and what follows from it; in `numbers` each # is a digit."""

    language: str
    time_zone: str
    numbers: str


HOMES = {
    "NL": Home("nl", "Europe/Amsterdam", "+3160000####"),
    "GB": Home("en", "Europe/London", "+447700900###"),
    "DE": Home("de", "Europe/Berlin", "+493023125###"),
    "FR": Home("fr", "Europe/Paris", "+3363998####"),
    "ES": Home("es", "Europe/Madrid", "+3450000####"),
    "PT": Home("pt", "Europe/Lisbon", "+35190000####"),
    "PL": Home("pl", "Europe/Warsaw", "+4810000####"),
    "SE": Home("sv", "Europe/Stockholm", "+46701740###"),
    "IT": Home("it", "Europe/Rome", "+3930000#####"),
}
# Names from further away belong to families who live here.
_MOVED = {"TR": "DE", "MA": "NL", "VN": "FR"}
_COUNTRIES = {
    name: _MOVED.get(culture.country, culture.country)
    for culture in reversed(CULTURES)
    for name in (*culture.female, *culture.male)
}
# Years of age between which people with it mostly are.
_AGES = {
    "Duchenne Muscular Dystrophy": (4, 24),
    "Spinal Muscular Atrophy": (2, 35),
    "Glioblastoma": (38, 74),
    "Idiopathic Pulmonary Fibrosis": (54, 82),
    "Amyotrophic Lateral Sclerosis": (42, 78),
    "Huntington's disease": (32, 62),
}
_OTHER_AGES = (20, 75)


def complete(*, today: date) -> None:
    """Give the imported people a country, a language and mostly a phone and a birthday."""
    random = Random(2)  # noqa: S311 - invented people, not secrets
    numbers: Counter[str] = Counter()
    people = list(
        Patient.objects.select_related("medical_condition")
        .defer("search", "medical_condition__search")
        .order_by("last_name", "first_name", "email", "first_contact_at")
    )
    for person in people:
        country = _country(person.first_name)
        home = HOMES[country]
        person.country, person.language, person.time_zone = country, home.language, home.time_zone
        if random.random() < WITH_PHONE:
            person.phone = _number(home.numbers, numbers[country])
            numbers[country] += 1
        if random.random() < WITH_BIRTHDAY:
            youngest, oldest = _AGES.get(str(person.medical_condition), _OTHER_AGES)
            days = youngest * 366 + int(random.random() * (oldest - youngest) * 365)
            person.date_of_birth = today - timedelta(days=days)
    columns = ("country", "language", "time_zone", "phone", "date_of_birth")
    Patient.objects.bulk_update(people, columns, batch_size=500)


def _country(first_name: str) -> str:
    given = first_name.replace("-", " ").split()
    return _COUNTRIES.get(given[0] if given else "", "NL")


def _number(pattern: str, place: int) -> str:
    """The number at that place of a range: all differ, and neighbours do not look alike."""
    digits = pattern.count("#")
    drawn = (311 + place * 7919) % 10**digits
    return f"{pattern.rstrip('#')}{drawn:0{digits}d}"
