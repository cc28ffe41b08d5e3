"""Writes a whole demonstration export: ordinary stories first, some odd rows between them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from crm_import.demo import odd_contacts, odd_patients
from crm_import.demo import reference as ref
from crm_import.demo.clock import DAY, HOUR, seconds
from crm_import.demo.people import Person
from crm_import.demo.rows import RowMaker
from crm_import.demo.stage import Scene, Stage
from crm_import.demo.tables import Row, Tables

SCENES: dict[str, Scene] = {**odd_contacts.SCENES, **odd_patients.SCENES}

_SPAN = 5 * 365 * DAY
# The exponent that puts about as many forms into the last three weeks as into a month before.
_GROWTH = 1.9
_YOUNGEST = 2 * HOUR
# The specialists who were there first; patients are linked to them.
_FOUNDERS = 0.02
_SPECIALISTS = 0.082
# Odd rows are all old enough that every step of their story lies in the past.
_LAST_ODD = 0.85


def write_export(
    folder: Path,
    *,
    people: int = 1000,
    seed: int = 1,
    now: datetime | None = None,
    nasty: bool = True,
) -> dict[str, int]:
    """Write the seven CSV files of a headed-CSV export into a new or empty folder.

    The same `people`, `seed` and `now` give the same files. `now` (UTC time by default) is the
    moment of the export: the newest forms are some hours older, the latest calls weeks later.
    `nasty` adds every kind of row in `SCENES` from a thousand people on, some of them below.
    Memory does not grow with `people`.

    Returns the number of rows per table. `FileExistsError` when the folder holds anything,
    `ValueError` for a naive `now` or fewer than one person.
    """
    if people < 1:
        message = "An export needs at least one person."
        raise ValueError(message)
    moment = seconds(now or datetime.now(tz=UTC))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(folder)
    rng = Random(seed)  # noqa: S311  # invented people, not secrets
    make = RowMaker(rng, moment)
    with Tables(folder) as tables:
        _write_lookups(make, tables, twice=nasty)
        _write_people(make, tables, people, nasty=nasty)
        return tables.counts


def _write_lookups(make: RowMaker, tables: Tables, *, twice: bool) -> None:
    tables.put_all("MedicalCondition", make.conditions)
    tables.put_all("Hospital", make.hospitals)
    if twice:  # two colleagues entered the same hospitals
        again = make.hospitals[:: len(make.hospitals) // 2]
        created = make.now - _SPAN
        tables.put_all("Hospital", [row | {"hospitalid": make.guid(created)} for row in again])
    tables.put_all("Specialization", make.specializations)
    for name, options in ref.OPTION_SETS.items():
        for value, *labels in options:
            for label, language in zip(labels, (ref.ENGLISH, ref.DUTCH, ref.GERMAN), strict=True):
                row = {"option_set": name, "value": value, "label": label, "language": language}
                tables.put("OptionSets", row)


def _write_people(make: RowMaker, tables: Tables, people: int, *, nasty: bool) -> None:
    stage = Stage(make, tables)
    founders = max(2, int(people * _FOUNDERS))
    scenes = list(SCENES.values())
    make.rng.shuffle(scenes)
    # About three rows in a hundred; for a small export every kind once, as far as there is room.
    wanted = max(people // 50, min(len(scenes), people // 11)) if nasty else 0
    room = max(1, int(people * _LAST_ODD) - founders)
    played = 0
    for place in range(people):
        created = _created(make, place, people)
        due = min(max(place - founders + 1, 0), room) * wanted // room
        if due > played:
            scenes[played % len(scenes)](stage, created)
            played = due
        elif place < founders:
            tables.put("Contact", make.specialist(make.people.someone(created)))
        elif make.random() < _SPECIALISTS:
            kind = ref.PHYSICIAN if make.random() < 0.78 else ref.PHARMACIST
            tables.put("Contact", make.specialist(make.people.someone(created), kind))
        else:
            _write_story(make, tables, make.people.someone_or_relative(created))


def _created(make: RowMaker, place: int, people: int) -> int:
    """When the form at that place came in: ascending, and denser towards today."""
    before_today = 1 - (place + make.random()) / people
    return make.now - _YOUNGEST - int(_SPAN * before_today**_GROWTH)


def _write_story(make: RowMaker, tables: Tables, person: Person) -> None:
    """One lead: the form, perhaps a Patient row or several with dossiers, perhaps a second form."""
    contact = make.lead(person)
    tables.put("Contact", contact)
    age = make.now - person.created
    if age > 5 * DAY and person.booked < make.now and make.random() < 0.35:
        _write_patients(make, tables, person, contact)
    if age > 60 * DAY and make.random() < 0.07:
        waited = 30 * DAY + int(make.random() * (age - 30 * DAY - _YOUNGEST))
        later = replace(person, created=person.created + waited, booked=0)
        tables.put("Contact", make.lead(later))


def _write_patients(make: RowMaker, tables: Tables, person: Person, contact: Row) -> None:
    _write_patient(make, tables, person, contact)
    opened = person.opened
    while make.now - opened > 150 * DAY and make.random() < 0.12:
        # A second attempt, some months later: the CRM wants a second Patient row for it.
        waited = 90 * DAY + int(make.random() * 60 * DAY)
        again = replace(person, created=opened + waited, booked=0)
        _write_patient(make, tables, again, contact)
        opened = again.opened


def _write_patient(make: RowMaker, tables: Tables, person: Person, contact: Row) -> None:
    patient = make.patient(person, contact["contactid"])
    chance = 0.45 if patient["eligible"] == ref.NOT_ELIGIBLE else 0.19
    dossiers: list[Row] = []
    while make.now - person.opened > 30 * DAY and len(dossiers) < 3 and make.random() < chance:
        dossiers.append(make.dossier(person, patient))
        chance = 0.06  # a second product is rare
    tables.put("Patient", patient)
    tables.put_all("EAPDossier", dossiers)
