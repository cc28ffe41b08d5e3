"""Time zones as visitors choose and read them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bookings.clocks import UTC, place
from portal.core.choices import country_choices, validate_time_zone

# What a browser and a link call the zone that was chosen.
FIELD = "zone"

Group = tuple[str, list[tuple[str, str]]]


def known(name: Any) -> str:
    """`name` when there is such a time zone; else ""."""
    try:
        validate_time_zone(str(name))
    except ValidationError:
        return ""
    return str(name)


def asked_for(request: HttpRequest) -> str:
    """The zone that was chosen on the page; "" when none was."""
    return known(request.POST.get(FIELD, "") or request.GET.get(FIELD, ""))


def zone_of(said: Mapping[str, Any]) -> ZoneInfo:
    """The zone of who sent a form: the browser's, else the only one of the country, else UTC."""
    return ZoneInfo(known(said.get("time_zone", "")) or only_one_of(said.get("country", "")))


def only_one_of(country: str) -> str:
    """The zone of a country (ISO 3166-1 alpha-2) that has one; UTC for any other."""
    zones = _by_country().get(country, ())
    return zones[0] if len(zones) == 1 else UTC


def choices(*, chosen: str, country: str) -> list[Group]:
    """All zones to choose from: those of the country first, then by part of the world."""
    own = _by_country().get(country, ())
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted({zone for zones in _by_country().values() for zone in zones} - set(own)):
        region, _slash, rest = zone.partition("/")
        regions.setdefault(region, []).append((zone, rest.replace("_", " ").replace("/", ", ")))
    found: list[Group] = list(regions.items())
    if own:
        name = dict(country_choices()).get(country, country)
        found.insert(0, (name, [(zone, place(zone)) for zone in own]))
    offered = {zone for _name, zones in found for zone, _label in zones}
    others = [(zone, place(zone)) for zone in dict.fromkeys((chosen, UTC)) if zone not in offered]
    return [*found, (_("Other"), others)] if others else found


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
