"""The words of a registry as values of the catalogue.

A word that we do not know is never guessed: it is kept verbatim under `unrecognised`, and the
field says that it is not known.
"""

import calendar
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from django.utils import translation
from django_countries import countries

from portal.core.search import words
from referrals.models import ClinicalTrial, ExpandedAccessProgram, TrialSite
from referrals.models.catalogue import Recruiting
from referrals.models.described import AGE
from referrals.registry.studies import Person, Place, Reason, Shape, Study, Unusable

NCT = re.compile(r"NCT\d{8}")
Availability = ExpandedAccessProgram.Availability
Phase = ClinicalTrial.Phase


class Kind(StrEnum):
    TRIAL = "trial"
    PROGRAM = "program"


# Names of countries that the registry uses or used, beside those of ISO 3166-1.
_COUNTRIES = {
    "Bolivia": "BO",
    "Brunei Darussalam": "BN",
    "Burma": "MM",
    "Cape Verde": "CV",
    "Congo, The Democratic Republic of the": "CD",
    "Côte D'Ivoire": "CI",
    "Czech Republic": "CZ",
    "Former Yugoslav Republic of Macedonia": "MK",
    "Holy See (Vatican City State)": "VA",
    "Hong Kong": "HK",
    "Iran, Islamic Republic of": "IR",
    "Korea, Democratic People's Republic of": "KP",
    "Korea, Republic of": "KR",
    "Lao People's Democratic Republic": "LA",
    "Libyan Arab Jamahiriya": "LY",
    "Macau": "MO",
    "Macedonia, The Former Yugoslav Republic of": "MK",
    "Micronesia, Federated States of": "FM",
    "Moldova, Republic of": "MD",
    "Myanmar": "MM",
    "Palestinian Territories, Occupied": "PS",
    "Palestinian Territory, Occupied": "PS",
    "Russia": "RU",
    "Russian Federation": "RU",
    "South Korea": "KR",
    "Swaziland": "SZ",
    "Syria": "SY",
    "Taiwan": "TW",
    "Tanzania": "TZ",
    "The Gambia": "GM",
    "Turkey": "TR",
    "Turkey (Türkiye)": "TR",
    "United Kingdom": "GB",
    "United States": "US",
    "Venezuela": "VE",
    "Vietnam": "VN",
    "Virgin Islands (U.S.)": "VI",
}
_STATUSES = {**{one.value: one for one in Recruiting}, "UNKNOWN_STATUS": Recruiting.UNKNOWN}
# The registry calls Phase 0 Early Phase 1 since 2017.
_PHASES = {re.sub(r"\W|_", "", one.value): one for one in Phase} | {"PHASE0": Phase.EARLY_PHASE1}
_KINDS = {
    "INTERVENTIONAL": Kind.TRIAL,
    "OBSERVATIONAL": Kind.TRIAL,
    "OBSERVATIONAL_PATIENT_REGISTRY": Kind.TRIAL,
    "EXPANDED_ACCESS": Kind.PROGRAM,
}
_SEXES = {"ALL": "ALL", "BOTH": "ALL", "FEMALE": "FEMALE", "MALE": "MALE"}
_YES_OR_NO = {
    "TRUE": True,
    "YES": True,
    "ACCEPTS_HEALTHY_VOLUNTEERS": True,
    "FALSE": False,
    "NO": False,
}
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_ENGLISH = re.compile(r"([A-Z][a-z]+) (?:(\d{1,2}), )?(\d{4})")
_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A record as the catalogue would hold it; `values` as JSON has them.

    `kind` is None where the record does not say. `countries` are those of its sites.
    """

    number: str
    shape: Shape
    kind: Kind | None
    values: dict[str, Any]
    sites: list[dict[str, Any]] | None
    # What was not known, by what it is of; also that of sites.
    unknown: dict[str, list[str]]
    study_type: str = ""
    countries: Sequence[str] = ()

    @property
    def updated(self) -> str:
        """When the registry last updated it, as an ISO date; blank when that is not said."""
        return str(self.values.get("last_update_posted_on") or "")


def meaning(study: Study) -> Meaning:
    """The record in the catalogue's terms. Raises Unusable when it cannot be in the catalogue."""
    number = study.number.upper()
    if not NCT.fullmatch(number):
        raise Unusable(Reason.NO_NUMBER, study.number[:50], number=study.number[:50])
    return _Reading(study, number).meaning()


@dataclass
class _Reading:
    """Puts one record's values together, collecting the words that are not known."""

    study: Study
    number: str
    values: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)

    def meaning(self) -> Meaning:
        study = self.study
        kind = self._kind()
        self._texts()
        self._words()
        self._dates()
        sites = None if study.places is None else self._sites(study.places)
        codes = sorted({site["country"] for site in sites or () if site["country"]})
        if kind == Kind.PROGRAM:
            self._of_program(codes if sites is not None else None)
        else:
            self._of_trial()
        self.values["unrecognised"] = {name: self.unknown[name] for name in sorted(self.unknown)}
        self._refuse_too_long(kind)
        refuse_long_sites(self.number, sites or ())
        return Meaning(
            number=self.number,
            shape=study.shape,
            kind=kind,
            values=self.values,
            sites=sites,
            unknown=self.unknown,
            study_type=_key(study.study_type or ""),
            countries=codes,
        )

    def _kind(self) -> Kind | None:
        if not self.study.study_type:
            return None
        kind = _KINDS.get(_key(self.study.study_type))
        if kind is None:
            self._unknown("study_type", self.study.study_type)
        return kind

    def _texts(self) -> None:
        study = self.study
        people = None if study.contacts is None else [asdict(one) for one in study.contacts]
        interventions = study.interventions
        said = {
            "title": study.title,
            "official_title": study.official_title,
            "org_study_id": study.org_study_id,
            "secondary_ids": _list(study.secondary_ids),
            "sponsor": study.sponsor,
            "condition_texts": _list(study.conditions),
            "interventions": None
            if interventions is None
            else [
                {
                    "type": _key(one.type),
                    "name": one.name,
                    "other_names": list(one.other_names),
                }
                for one in interventions
            ],
            "criteria_text": study.criteria,
            "contacts": people,
        }
        self.values.update({name: value for name, value in said.items() if value is not None})

    def _words(self) -> None:
        study = self.study
        if study.sex:
            self.values["sex"] = self._known("sex", study.sex, _SEXES, "ALL")
        if study.minimum_age is not None:
            self.values["minimum_age"] = self._age("minimum_age", study.minimum_age)
        if study.maximum_age is not None:
            self.values["maximum_age"] = self._age("maximum_age", study.maximum_age)
        if study.healthy_volunteers is not None:
            self.values["healthy_volunteers"] = self._known(
                "healthy_volunteers", study.healthy_volunteers, _YES_OR_NO, None
            )

    def _dates(self) -> None:
        study = self.study
        for name, written in (
            ("first_posted_on", study.first_posted),
            ("last_update_posted_on", study.last_update_posted),
        ):
            if written is not None:
                day = self._date(name, written)
                if len(day) == len("2026-05"):
                    self._unknown(name, written)
                    day = ""
                self.values[name] = day or None
        if study.completion is not None:
            self.values["completion_date"] = self._date("completion_date", study.completion)

    def _of_trial(self) -> None:
        study = self.study
        if study.status is not None:
            unknown = Recruiting.UNKNOWN
            self.values["status"] = self._known("status", study.status, _STATUSES, unknown)
        if study.study_type is not None:
            kind = _key(study.study_type).partition("_")[0]
            known = kind in ClinicalTrial.StudyType.values and _key(study.study_type) in _KINDS
            self.values["study_type"] = kind if known else ""
        if study.phases is not None:
            found = [
                self._known("phases", one, _PHASES, None, key=_letters) for one in study.phases
            ]
            self.values["phases"] = [one for one in found if one is not None]
        if study.has_expanded_access is not None:
            self.values["has_expanded_access"] = self._known(
                "has_expanded_access", study.has_expanded_access, _YES_OR_NO, None
            )
        if study.expanded_access_id is not None:
            self.values["expanded_access_id"] = study.expanded_access_id

    def _of_program(self, codes: list[str] | None) -> None:
        study = self.study
        if study.status is not None:
            known = {one.value: one for one in Availability}
            self.values["availability"] = self._known(
                "availability", study.status, known, Availability.UNKNOWN
            )
        if study.access_types is not None:
            known_types = {one.value.upper(): one for one in ExpandedAccessProgram.Access}
            found = [
                self._known("access_types", one, known_types, None) for one in study.access_types
            ]
            self.values["access_types"] = [one for one in found if one is not None]
        if codes is not None:
            self.values["countries"] = codes

    def _unknown(self, name: str, written: str) -> None:
        held = self.unknown.setdefault(name, [])
        if written not in held:
            held.append(written)

    def _known(
        self,
        name: str,
        written: str,
        known: dict[str, Any],
        otherwise: Any,
        *,
        key: Callable[[str], str] | None = None,
    ) -> Any:
        """What a word stands for; `otherwise` for none, and for one that is not known."""
        if not written:
            return _plain(otherwise)
        found = known.get((key or _key)(written), self)
        if found is self:
            self._unknown(name, written)
            found = otherwise
        return _plain(found)

    def _age(self, name: str, written: str) -> str:
        if _key(written) in ("", "N_A", "NONE"):
            return ""
        number, _blank, unit = written.partition(" ")
        age = f"{number} {unit.strip().capitalize()}"
        if re.fullmatch(AGE.strip("^$"), age):
            return age
        self._unknown(name, written)
        return ""

    def _date(self, name: str, written: str) -> str:
        """An ISO date, or month; blank for none, and for one that cannot be read."""
        found = iso_date(written)
        if written and not found:
            self._unknown(name, written)
        return found

    def _sites(self, places: Sequence[Place]) -> list[dict[str, Any]]:
        seen: Counter[tuple[str, ...]] = Counter()
        sites = []
        for place in places:
            site = self._site(place)
            key = site_key(site)[:-1]
            seen[key] += 1
            site["ordinal"] = seen[key]
            sites.append(site)
        return sites

    def _site(self, place: Place) -> dict[str, Any]:
        facility, name = place.facility, place.country
        if self.study.shape == Shape.CSV:
            facility, name = country_at_the_end(facility)
        unrecognised = {}
        code = country_code(name)
        if name and not code:
            unrecognised["country"] = name
            self._unknown("country", name)
        status = _STATUSES.get(_key(place.status), Recruiting.UNKNOWN).value
        if place.status and _key(place.status) not in _STATUSES:
            unrecognised["status"] = place.status
            self._unknown("site status", place.status)
        return {
            "facility": facility,
            "city": place.city,
            "state": place.state,
            "postal_code": place.postal_code,
            "country": code,
            "status": status,
            "contacts": [asdict(one) for one in place.contacts if one != Person()],
            "unrecognised": unrecognised,
        }

    def _refuse_too_long(self, kind: Kind | None) -> None:
        model = ExpandedAccessProgram if kind == Kind.PROGRAM else ClinicalTrial
        for name, value in self.values.items():
            longest = getattr(model._meta.get_field(name), "max_length", None)
            if longest and isinstance(value, str) and len(value) > longest:
                raise Unusable(Reason.TOO_LONG, name, number=self.number)
        if any(len(one) > 300 for one in self.values.get("secondary_ids", ())):
            raise Unusable(Reason.TOO_LONG, "secondary_ids", number=self.number)


def refuse_long_sites(number: str, sites: Iterable[dict[str, Any]]) -> None:
    """Raise Unusable when a site has a value that the catalogue cannot hold."""
    for name in ("facility", "city", "state", "postal_code"):
        longest = getattr(TrialSite._meta.get_field(name), "max_length", None) or 0
        if any(len(site[name]) > longest for site in sites):
            raise Unusable(Reason.TOO_LONG, f"site {name}", number=number)


def iso_date(written: str) -> str:
    """`May 3, 2018` and `2018-05-03` → `2018-05-03`, `May 2018` → `2018-05`; blank otherwise."""
    if iso := _ISO.fullmatch(written):
        year, month, day = iso.groups()
    elif english := _ENGLISH.fullmatch(written):
        year, day = english[3], english[2]
        month = str(_MONTHS.get(english[1], 0))
    else:
        return ""
    try:
        found = date(int(year), int(month), int(day or 1))
    except ValueError:
        return ""
    return found.isoformat() if day else f"{found:%Y-%m}"


def site_key(site: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a site of a trial the same site when the record is read again."""
    names = ("facility", "city", "state", "postal_code", "country", "ordinal")
    return tuple(site.get(name, "") for name in names)


def country_code(name: str) -> str:
    """ISO 3166-1 alpha-2 of a country as the registry names it; blank when it is not known."""
    return _countries().get(tuple(words(name)), "")


def country_at_the_end(written: str) -> tuple[str, str]:
    """What stands before the country, and the longest known name of one that `written` ends with.

    Names have commas of their own: `Clinic, Seoul, Korea, Republic of`.
    """
    parts = [part.strip() for part in written.split(",")]
    for start in range(max(0, len(parts) - 3), len(parts)):
        name = ", ".join(parts[start:])
        if country_code(name):
            return ", ".join(parts[:start]), name
    return written, ""


@cache
def _countries() -> dict[tuple[str, ...], str]:
    with translation.override("en"):
        known = {str(name): code for code, name in countries}
    return {tuple(words(name)): code for name, code in (known | _COUNTRIES).items()}


def _key(word: str) -> str:
    """`Active, not recruiting` → `ACTIVE_NOT_RECRUITING`, as version 2 of the API writes it."""
    return re.sub(r"[^A-Z0-9]+", "_", word.upper()).strip("_")


def _letters(word: str) -> str:
    """`Early Phase 1` and `EARLY_PHASE1` → `EARLYPHASE1`."""
    return re.sub(r"[^A-Z0-9]", "", word.upper())


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def _plain(value: Any) -> Any:
    """The value of an enumeration's member, anything else as it is."""
    return getattr(value, "value", value)
