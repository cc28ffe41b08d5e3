"""Time zones as visitors choose and read them."""

from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from portal.core.choices import validate_time_zone

UTC = "UTC"


def known(name: str) -> str:
    """`name` when there is such a time zone; else ""."""
    try:
        validate_time_zone(name)
    except ValidationError:
        return ""
    return name


def zone_of(said: dict[str, Any]) -> ZoneInfo:
    """The zone of who sent a form: the browser's, else the only one of the country, else UTC."""
    return ZoneInfo(known(str(said.get("time_zone", ""))) or only_one_of(said.get("country", "")))


def only_one_of(country: str) -> str:
    """The zone of a country (ISO 3166-1 alpha-2) that has one; UTC for any other."""
    zones = _by_country().get(country, ())
    return zones[0] if len(zones) == 1 else UTC


def place(zone: str) -> str:
    """The place a zone is named for: "New York" of America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


@cache
def _by_country() -> dict[str, tuple[str, ...]]:
    """The zones of each country, from the table that comes with the IANA database."""
    found: dict[str, tuple[str, ...]] = {}
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _coordinates, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
