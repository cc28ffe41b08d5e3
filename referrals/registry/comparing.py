"""What a record changes: it is compared with what the registry said before, and with our row.

What the registry changed is taken over. What somebody changed here stays, and is told, until they
take the registry's value. The first time a record is read, what it says counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import models

from referrals.models import RegistryRecord
from referrals.registry.meanings import Meaning, site_key
from referrals.registry.studies import Shape

SITES = "sites"
SITES_SHAPE = "sites_shape"
UNRECOGNISED = "unrecognised"
# The fuller shape counts when two records are of the same day.
_FULLNESS = {Shape.API: 3, Shape.XML: 2, Shape.CSV: 1}
_NOTHING = object()
_BLANK: tuple[Any, ...] = ("", None, [], {})


@dataclass(slots=True)
class Changes:
    """Fields to set on our row, and those that differ and stay as somebody here wrote them."""

    values: dict[str, Any] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SiteChanges:
    """What happens to the sites of a trial. `gone` are keys, `changed` pairs of key and values."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    gone: list[tuple[Any, ...]] = field(default_factory=list)


def is_older(record: RegistryRecord, meaning: Meaning) -> bool:
    """Whether what we have was updated later, or is of the same day and fuller."""
    ours = str(record.said.get("last_update_posted_on") or "")
    if not ours or not meaning.updated:
        return False
    same_day = ours == meaning.updated
    fuller = _FULLNESS[Shape(record.shape)] > _FULLNESS[meaning.shape]
    return ours > meaning.updated or (same_day and fuller)


def is_better(one: Meaning, other: Meaning) -> bool:
    """Whether of two records of one study in the same delivery the first counts."""
    return (one.updated, _FULLNESS[one.shape]) > (other.updated, _FULLNESS[other.shape])


def said(before: Mapping[str, Any], meaning: Meaning) -> dict[str, Any]:
    """What the registry has said by now; a shape that carries less takes nothing away."""
    now = {**before, **meaning.values}
    earlier = before.get(UNRECOGNISED, {})
    if earlier:
        still = {name: held for name, held in earlier.items() if name not in meaning.values}
        now[UNRECOGNISED] = {**still, **meaning.values[UNRECOGNISED]}
    # The table has no cities and no status of sites: it does not replace those that have.
    fuller = before.get(SITES_SHAPE) not in (None, Shape.CSV)
    if meaning.sites is not None and not (meaning.shape == Shape.CSV and fuller):
        now[SITES] = meaning.sites
        now[SITES_SHAPE] = meaning.shape.value
    return now


def changes(row: models.Model | None, before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """What to set on `row` (None: a new one), given what the registry said before and says now."""
    found = Changes()
    for name, value in now.items():
        if name in (SITES, SITES_SHAPE):
            continue
        ours = _NOTHING if row is None else as_json(getattr(row, name))
        earlier = before.get(name, _NOTHING)
        if value in (earlier, ours) or (earlier is _NOTHING and value in _BLANK):
            continue
        if ours is _NOTHING or earlier is _NOTHING or ours == earlier:
            found.values[name] = as_stored(name, value)
        else:
            found.kept.append(name)
    return found


def site_changes(
    before: Iterable[dict[str, Any]],
    now: Iterable[dict[str, Any]],
    ours: Iterable[tuple[Any, ...]],
) -> SiteChanges:
    """What the registry changed of the sites, given the keys of those that we have."""
    earlier = {site_key(site): site for site in before}
    wanted = {site_key(site): site for site in now}
    held = set(ours)
    found = SiteChanges(gone=[key for key in earlier if key not in wanted and key in held])
    for key, site in wanted.items():
        if site == earlier.get(key):
            continue
        if key not in held:
            found.new.append(site)
            continue
        old = earlier.get(key, {})
        found.changed.append((key, {n: v for n, v in site.items() if v != old.get(n, _NOTHING)}))
    return found


def differences(row: models.Model, record: RegistryRecord) -> dict[str, Any]:
    """Fields in which our row is not as the registry last said, with the registry's values.

    A field that the registry leaves blank is ours to fill in.
    """
    return {
        name: value
        for name, value in record.said.items()
        if name not in (SITES, SITES_SHAPE)
        and value not in _BLANK
        and as_json(getattr(row, name)) != value
    }


def as_json(value: Any) -> Any:
    """A value of a row as `said` holds it."""
    return value.isoformat() if isinstance(value, date) else value


def as_stored(name: str, value: Any) -> Any:
    """A value of `said` as a row holds it."""
    if name.endswith("_on"):
        return date.fromisoformat(value) if value else None
    return value
