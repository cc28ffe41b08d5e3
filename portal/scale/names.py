"""The names that invented people get, as tables that the SQL draws from."""

from typing import Any

from django.db import connection

from crm_import.demo.names import CULTURES, Culture, ascii_letters

# Language, time zone, and how a mobile number begins and how many digits follow.
_PLACES = {
    "NL": ("nl", "Europe/Amsterdam", "+316", 8),
    "GB": ("en", "Europe/London", "+447", 9),
    "DE": ("de", "Europe/Berlin", "+4915", 9),
    "FR": ("fr", "Europe/Paris", "+336", 8),
    "ES": ("es", "Europe/Madrid", "+346", 8),
    "PT": ("pt", "Europe/Lisbon", "+3519", 8),
    "PL": ("pl", "Europe/Warsaw", "+485", 8),
    "TR": ("tr", "Europe/Istanbul", "+905", 9),
    "VN": ("vi", "Asia/Ho_Chi_Minh", "+849", 8),
    "MA": ("ar", "Africa/Casablanca", "+2126", 8),
    "SE": ("sv", "Europe/Stockholm", "+467", 8),
    "IT": ("it", "Europe/Rome", "+393", 9),
}


def load_names() -> None:
    """The name lists as two tables, and a wheel of two hundred places that says which part of them

    to draw from: one hundred for women, one hundred for men, as many per culture as its share.
    """
    given: list[str] = []
    family: list[str] = []
    wheel: list[tuple[Any, ...]] = []
    for sex in ("female", "male"):
        for culture in CULTURES:
            part = _part(culture, sex, given, family)
            wheel += [(len(wheel) + place, *part) for place in range(culture.share)]
    with connection.cursor() as cursor:
        for table, names in (("scale_given", given), ("scale_family", family)):
            with cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
                for number, name in enumerate(names):
                    copy.write_row((number, name, ascii_letters(name)))
        with cursor.copy("COPY pg_temp.scale_wheel FROM STDIN") as copy:
            for row in wheel:
                copy.write_row(row)
        for table in ("scale_given", "scale_family", "scale_wheel"):
            cursor.execute(f"ANALYZE pg_temp.{table}")


def _part(culture: Culture, sex: str, given: list[str], family: list[str]) -> tuple[Any, ...]:
    """Put the names of a culture into the lists; returns where they are, and how they are used."""
    first = culture.female if sex == "female" else culture.male
    last = culture.surnames
    if sex == "female" and culture.feminine is not None:
        last = [culture.feminine(name) for name in last]
    start_given, start_family = len(given), len(family)
    given += first
    family += last
    return (
        sex,
        culture.country,
        *_PLACES[culture.country],
        *(start_given, len(first), culture.second_given, culture.given_joint),
        *(start_family, len(last), culture.second_surname, culture.surname_joint),
    )
