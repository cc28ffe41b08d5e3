"""Countries, languages and time zones as choices, from the lists the world keeps.

They are functions so that a migration stores a reference, not 250 lines.
"""

from functools import cache
from zoneinfo import available_timezones

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries


def country_choices() -> list[tuple[str, str]]:
    """ISO 3166-1 alpha-2 codes with the country's name in the active language."""
    return [(code, name) for code, name in countries]


@cache
def language_choices() -> list[tuple[str, str]]:
    """BCP 47 tags of the languages Django knows, with their English names."""
    named = {code: info["name"] for code, info in LANG_INFO.items() if "name" in info}
    return sorted(named.items(), key=lambda pair: pair[1])


@cache
def _known_time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def validate_time_zone(value: str) -> None:
    """Refuse a name that is not in the IANA time zone database."""
    if value not in _known_time_zones():
        raise ValidationError(
            _("“%(value)s” is no IANA time zone. Write it like Europe/Amsterdam."),
            code="unknown_time_zone",
            params={"value": value},
        )
