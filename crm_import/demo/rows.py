"""Makes believable rows of the legacy CRM: who wrote in, when they were called, what came of it."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from crm_import.demo import reference as ref
from crm_import.demo.clock import (
    DAY,
    HOUR,
    MINUTE,
    SLOTS_PER_DAY,
    iso,
    iso_date,
    office_day,
    office_slot,
)
from crm_import.demo.names import ascii_letters
from crm_import.demo.people import People, Person
from crm_import.demo.tables import Row

T = TypeVar("T")

_YEAR = 31_557_600
_FIRST_YEAR = 1_577_836_800  # 1 January 2020, when sequential GUIDs contained `ea11`
_VERSION_ZERO = 1_420_070_400  # 1 January 2015: versions only grow, also from export to export
_NODES = ("000d3a", "002248", "6045bd")
# Physicians that patients are linked to; beyond, a new one takes the place of an earlier one.
_KNOWN_PHYSICIANS = 4_000
# Odd and not divisible by five: the product with a running number modulo ten to the power of the
# digits is a different number each time, and does not look like a running number.
_SCATTER = 6_180_339_887


class RowMaker:
    """Draws rows from one random source. Nothing here writes a file."""

    def __init__(self, rng: Random, now: int) -> None:
        self.now = now
        self.rng = rng
        self.random = rng.random
        self.people = People(rng.random)
        self.physicians: list[str] = []
        self.hospitals = [
            {"hospitalid": self.guid(_FIRST_YEAR), "name": name, "city": city}
            for name, city, _country in ref.HOSPITALS
        ]
        self.specializations = [
            {"specializationid": self.guid(_FIRST_YEAR), "name": name}
            for name in ref.SPECIALIZATIONS
        ]
        self.conditions = [
            {
                "medicalconditionid": self.guid(_FIRST_YEAR),
                "name": name,
                "abbreviation": illness.abbreviation,
            }
            for illness in ref.ILLNESSES
            for name in illness.lookup_names
        ]
        self._today = office_day(now)
        self._versions = 0
        self._licences = 0
        self._dossiers = 0
        self._hospitals_of = _places_by_country()
        self._mail_domains = [
            f"{ascii_letters(name)[:16]}.example.org" for name, _city, _country in ref.HOSPITALS
        ]
        self._condition_ids = [
            [row["medicalconditionid"] for row in self.conditions if row["abbreviation"] == short]
            for short in (illness.abbreviation for illness in ref.ILLNESSES)
        ]

    # Small change

    def pick(self, choices: Sequence[T]) -> T:
        """One of several."""
        return choices[int(self.random() * len(choices))]

    def guid(self, created: int) -> str:
        """An id like the CRM's sequential ones: the third group tells the year."""
        bits = self.rng.getrandbits(84)
        era = (0xEA + (created - _FIRST_YEAR) // _YEAR) & 0xFF
        return (
            f"{bits & 0xFFFFFFFF:08x}-{bits >> 32 & 0xFFFF:04x}-{era:02x}11-"
            f"a{bits >> 48 & 0xFFF:03x}-{_NODES[bits % 3]}{bits >> 60:06x}"
        )

    def version(self, modified: int) -> str:
        """The row version of a change made at that instant: later changes have higher ones."""
        self._versions += 1
        return str((modified - _VERSION_ZERO) * 8 + (self._versions & 7))

    def after(self, start: int, wait: float) -> int:
        """So many seconds after an instant; some time before now if that has not come yet."""
        instant = start + int(wait)
        if instant < self.now:
            return instant
        return start + int(self.random() * max(self.now - start, 0))

    # Contact

    def lead(self, person: Person, *, booked: bool | None = None) -> Row:
        """A Contact of type patient - lead. `booked` forces or forbids a booking date."""
        random = self.random
        if booked if booked is not None else random() < self._booking_share(person):
            person.booked = self._booking_for(person)
        call = person.booked
        changed = self.after(person.created, random() ** 3 * 20 * DAY)
        reminder = no_show = ""
        if call:
            if random() < 0.85 and call - DAY > person.created:
                reminder = iso(call - DAY)
            if call < self.now - HOUR and (drawn := random()) < 0.8:
                no_show = "true" if drawn < 0.09 else "false"
                changed = self.after(call, random() * 5 * HOUR + 20 * MINUTE)
        person.modified = changed
        # Nobody tidies up: only some of those who were never called have been switched off.
        forgotten = not call and self.now - person.created > 120 * DAY
        return {
            "contactid": self.guid(person.created),
            "firstname": person.first,
            "lastname": person.last,
            "email": person.email,
            "contact_type": ref.LEAD,
            "medical_condition": ref.ILLNESSES[person.illness].option,
            "booking_date": iso(call) if call else "",
            "reminder_date": reminder,
            "no_show": no_show,
            "job_title": "",
            "specialization": "",
            "medical_license_number": "",
            "hospital": "",
            "createdon": iso(person.created),
            "modifiedon": iso(person.modified),
            "statecode": "1" if forgotten and random() < 0.5 else "0",
            "versionnumber": self.version(person.modified),
        }

    def specialist(self, person: Person, kind: str = ref.PHYSICIAN) -> Row:
        """A Contact of type physician (remembered, to link patients to) or pharmacist."""
        random = self.random
        country = person.culture.country
        place = self._hospital_place(country)
        pharmacist = kind == ref.PHARMACIST
        if pharmacist:
            field = self.pick(ref.PHARMACY_SPECIALIZATIONS)
            titles = ref.PHARMACIST_TITLES.get(country, ref.DEFAULT_PHARMACIST_TITLES)
        else:
            field = int(random() ** 1.3 * ref.PHARMACY_SPECIALIZATIONS[0])
            titles = ref.JOB_TITLES.get(country, ref.DEFAULT_TITLES)
        email = person.email
        if random() < 0.7:
            email = f"{email.partition('@')[0]}@{self._mail_domains[place]}"
        person.modified = self.after(person.created, random() ** 2 * 90 * DAY)
        contactid = self.guid(person.created)
        if not pharmacist:
            self._remember(contactid)
        return {
            "contactid": contactid,
            "firstname": person.first,
            "lastname": person.last,
            "email": email,
            "contact_type": kind,
            "medical_condition": "",
            "booking_date": "",
            "reminder_date": "",
            "no_show": "",
            "job_title": self.pick(titles),
            "specialization": self.specializations[field]["specializationid"],
            "medical_license_number": self.licence(country),
            "hospital": self.hospitals[place]["hospitalid"],
            "createdon": iso(person.created),
            "modifiedon": iso(person.modified),
            "statecode": "1" if random() < 0.02 else "0",
            "versionnumber": self.version(person.modified),
        }

    def licence(self, country: str) -> str:
        """A registration number as that country writes it, never given out twice."""
        self._licences += 1
        prefix, digits = ref.LICENCES.get(country, ref.DEFAULT_LICENCE)
        return f"{prefix}{self._licences * _SCATTER % 10**digits:0{digits}d}"

    def _booking_share(self, person: Person) -> float:
        age = self.now - person.created
        if age < 2 * DAY:
            return 0.45
        return 0.6 if age < 14 * DAY else 0.74

    def _booking_for(self, person: Person) -> int:
        random = self.random
        day = office_day(person.created)
        # Today's list should not be empty whatever the size of the export.
        if self._today - day < 14 and random() < 0.25:
            day = self._today
        else:
            day += 1 + int(random() ** 1.5 * 20)
        call = office_slot(day, int(random() * SLOTS_PER_DAY))
        return call if call > person.created else office_slot(day + 1, 0)

    def _hospital_place(self, country: str) -> int:
        if self.random() < 0.85:
            return self.pick(self._hospitals_of[country])
        return int(self.random() * len(self.hospitals))

    def _remember(self, contactid: str) -> None:
        if len(self.physicians) < _KNOWN_PHYSICIANS:
            self.physicians.append(contactid)
        else:
            self.physicians[int(self.random() * _KNOWN_PHYSICIANS)] = contactid

    # Patient and dossier

    def patient(self, person: Person, contactid: str) -> Row:
        """A Patient row next to the Contact, made when the call showed that it is worth while."""
        random = self.random
        called = person.booked if person.booked < self.now else 0
        until_contact = min(3 * DAY, called - person.created) if called else 3 * DAY
        contacted = self.after(person.created, random() * until_contact)
        opened = self.after(max(contacted, called), random() * 4 * DAY + HOUR)
        person.opened = opened
        consult = called or contacted + int((4 + random() * 26) * DAY)
        changed = self.after(opened, random() ** 2 * 60 * DAY)
        email = person.email
        if random() < 0.04:  # a new mailbox, noted in one of the two places only
            email = self.people.address(person.first, person.last)
        row = {
            "patientid": self.guid(opened),
            "firstname": person.first,
            "lastname": person.last,
            "email": email,
            "first_contact_date": iso_date(contacted),
            "initial_consult_date": iso_date(consult) if consult < self.now else "",
            "medical_condition": self.condition(person.illness),
            "trial_id": "",
            "eligible": "",
            "ineligible_reason": "",
            "ct_referral_date": "",
            "eap_enrollment_date": "",
            "contact_record": contactid,
            "physician": self.pick(self.physicians) if random() < 0.8 and self.physicians else "",
            "ct_outcome": "",
            "createdon": iso(opened),
            "modifiedon": iso(changed),
            "statecode": "1" if random() < 0.02 else "0",
            "versionnumber": self.version(changed),
        }
        self._judge(row, person)
        return row

    def condition(self, illness: int) -> str:
        """A row of the lookup table: mostly the plain one, else one of its doubles."""
        ids = self._condition_ids[illness]
        return ids[0] if self.random() < 0.8 else self.pick(ids)

    def dossier(self, person: Person, patient: Row) -> Row:
        """An EAP dossier of a Patient row, which gets the same enrolment date."""
        random = self.random
        enrolled = self.after(person.opened, (10 + random() * 80) * DAY)
        created = self.after(enrolled, random() * 5 * DAY + HOUR)
        changed = self.after(created, random() ** 2 * 20 * DAY)
        patient["eap_enrollment_date"] = iso_date(enrolled)
        return {
            "eap_dossier_id": self.guid(created),
            "eap_number": self.eap_number(enrolled),
            "patient": patient["patientid"],
            "product": self.pick(ref.ILLNESSES[person.illness].products),
            "eap_enrollment_date": patient["eap_enrollment_date"],
            "createdon": iso(created),
            "modifiedon": iso(changed),
            "statecode": "0",
            "versionnumber": self.version(changed),
        }

    def eap_number(self, enrolled: int) -> str:
        """The next program number: the year of enrolment and a running number."""
        self._dossiers += 1
        return f"EAP-{iso(enrolled)[:4]}-{self._dossiers + 1000:05d}"

    def _judge(self, row: Row, person: Person) -> None:
        """Fill in whether a trial fitted, which one, and how it ended."""
        drawn = self.random()
        if self.now - person.opened < 6 * DAY and drawn > 0.3:
            return  # still being looked into
        if drawn < 0.55:
            row["eligible"] = ref.ELIGIBLE
            self._refer(row, person, chance=0.88)
        elif drawn < 0.83:
            row["eligible"] = ref.NOT_ELIGIBLE
            illness = ref.ILLNESSES[person.illness]
            reasons = illness.reasons if self.random() < 0.7 else ref.GENERAL_REASONS
            row["ineligible_reason"] = self.pick(reasons) if self.random() < 0.92 else ""
        else:
            row["eligible"] = ref.ELIGIBILITY_UNKNOWN
            self._refer(row, person, chance=0.2)

    def _refer(self, row: Row, person: Person, *, chance: float) -> None:
        random = self.random
        referred = person.opened + int((2 + random() * 40) * DAY)
        if referred > self.now or random() > chance:
            return
        trials = ref.TRIALS[person.illness]
        trial = self.pick(trials)
        if random() < 0.05:  # several trials in the one column: the CRM has no other place
            other = self.pick(trials)
            trial = f"{trial}; {other}" if other != trial else trial
        row["trial_id"] = trial
        row["ct_referral_date"] = iso_date(referred)
        row["ct_outcome"] = self.pick(
            _SETTLED if self.now - referred > 90 * DAY else _UNDER_WAY,
        )


def _places_by_country() -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, (_name, _city, country) in enumerate(ref.HOSPITALS):
        places.setdefault(country, []).append(place)
    return places


def _outcomes(enrolled: int, screen_failed: int, withdrawn: int, pending: int) -> tuple[str, ...]:
    return (
        *(ref.ENROLLED,) * enrolled,
        *(ref.SCREEN_FAILED,) * screen_failed,
        *(ref.WITHDRAWN,) * withdrawn,
        *(ref.PENDING,) * pending,
    )


_SETTLED = _outcomes(enrolled=42, screen_failed=30, withdrawn=9, pending=19)
_UNDER_WAY = _outcomes(enrolled=8, screen_failed=12, withdrawn=2, pending=78)
