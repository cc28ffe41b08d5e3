"""`crm_export`: its files, and that the people in them come back as the same people."""

import io
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from bookings.models import Booking
from bookings.tests.factories import BookingFactory
from crm_import import exporting, importing, settling
from crm_import.deciding import Verdict
from crm_import.demo import write_export
from crm_import.tables import FILES
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from crm_import.tests.test_sample import SAMPLE
from patients.models import Patient, Specialist
from patients.tests.factories import PatientFactory, SpecialistFactory
from portal.core.models import AccessEvent
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral, EAPDossier, Product
from referrals.tests.factories import CTReferralFactory, EAPDossierFactory

Bring = Callable[..., Any]
Shown = dict[str, dict[str, dict[str, Any]]]


def crm_export(*args: Any) -> str:
    """What was said on standard error."""
    said = io.StringIO()
    call_command("crm_export", *map(str, args), stdout=said, stderr=said)
    return said.getvalue()


def refusal(*args: Any) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        crm_export(*args)
    return caught.value.returncode, str(caught.value)


# --- files


def test_file_is_a_headed_export_of_the_crm(bring: Bring, tmp_path: Path) -> None:
    bring(
        contacts=[
            contact(1, "=Anna", 'Berg, "the"\nlast', booking_date="2024-01-10T09:00:00Z"),
            physician(2, "Ben", "Vos"),
        ]
    )

    said = crm_export("Contact", "--out", tmp_path / "out.csv")

    assert said.split() == ["Contact", "2"]
    (tmp_path / "out.csv").rename(tmp_path / "Contact.csv")
    rows = {row["contactid"]: row for row in shapes.read(tmp_path)["Contact"]}
    assert list(rows[guid(1)]) == list(FILES[4].columns)
    changed = {"modifiedon", "versionnumber"}
    assert {k: v for k, v in rows[guid(1)].items() if v and k not in changed} == {
        "contactid": guid(1),
        "firstname": "=Anna",  # as it is: it has to come back as it was
        "lastname": 'Berg, "the" last',
        "contact_type": exports.LEAD,
        "booking_date": "2024-01-10T09:00:00Z",
        "createdon": "2024-01-02T09:00:00Z",
        "statecode": "0",
    }


def test_file_can_be_read_by_its_owner_only(db: None, tmp_path: Path) -> None:
    crm_export("Hospital", "--out", tmp_path / "Hospital.csv")
    crm_export("--all", tmp_path / "all")

    for path in (tmp_path / "Hospital.csv", tmp_path / "all", tmp_path / "all" / "Contact.csv"):
        assert path.stat().st_mode & 0o077 == 0


def test_table_goes_to_standard_output(
    db: None, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    person = PatientFactory(first_name="Zoë")

    crm_export("Contact")

    header, line = capsysbinary.readouterr().out.decode().splitlines()
    assert header.startswith("contactid,firstname,")
    assert line.startswith(f"{person.pk},Zoë,")


def test_terminal_is_shown_people_only_when_that_is_asked_for(
    db: None, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    code, text = refusal("Contact")

    assert (code, "--include-personal" in text) == (2, True)
    assert capsysbinary.readouterr().out == b""
    crm_export("Contact", "--include-personal")
    assert capsysbinary.readouterr().out.startswith(b"contactid,")


def test_what_cannot_be_written_is_refused(db: None, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()

    assert refusal("--all", tmp_path / "full")[0] == 2
    assert refusal("Contact", "--out", tmp_path / "full")[0] == 2
    assert refusal("--all", tmp_path / "new", "--out", tmp_path / "x.csv")[0] == 2
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_export_of_people_is_in_the_access_log(db: None, tmp_path: Path) -> None:
    seen = PatientFactory()
    PatientFactory(processing_restricted=True)

    crm_export("Hospital", "--out", tmp_path / "Hospital.csv")
    assert not AccessEvent.objects.exists()
    crm_export("Patient", "--out", tmp_path / "Patient.csv")

    event = AccessEvent.objects.get()
    assert (event.route, event.record_type, event.record_ids) == (
        "export",
        "patients.Patient",
        [seen.pk],
    )
    assert (event.actor_id, event.actor_name) == (None, "system")


@pytest.mark.django_db(transaction=True)
def test_tables_are_of_one_moment() -> None:
    with exporting._one_moment() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)


# --- there and back

# When a row changed here is not when it did there; of the lists the import does not keep either.
_OWN = {"modifiedon", "versionnumber"}
_LISTS = ("MedicalCondition", "Hospital", "Specialization")


def shown() -> Shown:
    """View → legacy id → its cells."""
    found: Shown = {}
    with connection.cursor() as cursor:
        for name, view in exporting.VIEWS.items():
            cursor.execute(f"SELECT * FROM {view}")
            columns = [column.name for column in cursor.description]
            own = _OWN | {"createdon"} if name in _LISTS else _OWN
            found[name] = {
                str(row[0]): {
                    # The CRM writes no fractions of seconds.
                    column: cell.replace(microsecond=0) if isinstance(cell, datetime) else cell
                    for column, cell in zip(columns, row, strict=True)
                    if column not in own
                }
                for row in cursor.fetchall()
            }
    return found


def counts() -> dict[str, int]:
    models = (Patient, Specialist, CTReferral, EAPDossier)
    return {model.__name__: model.objects.count() for model in models}


def there_and_back(
    source: Path, folder: Path, more: Callable[[], Any] = lambda: None
) -> tuple[tuple[Shown, dict[str, int]], tuple[Shown, dict[str, int]]]:
    """Import `source`, do `more`, export; import that into an empty portal.

    Returns what either portal shows, and how many people, referrals and dossiers it has.
    """
    with transaction.atomic():
        importing.run(source=source, by=None)
        more()
        before = (shown(), counts())
        crm_export("--all", folder)
        transaction.set_rollback(True)
    assert not Patient.objects.exists()
    importing.run(source=folder, by=None)
    return before, (shown(), counts())


def difference(before: Shown, after: Shown) -> dict[str, Any]:
    found = {}
    for name, rows in before.items():
        for key in rows.keys() | after[name].keys():
            if rows.get(key) != after[name].get(key):
                was, now = rows.get(key, {}), after[name].get(key, {})
                found[f"{name} {key}"] = {
                    column: (was.get(column), now.get(column))
                    for column in was.keys() | now.keys()
                    if was.get(column) != now.get(column)
                }
    return found


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample is not here")
def test_sample_comes_back_as_the_same_people(db: None, tmp_path: Path) -> None:
    before, after = there_and_back(SAMPLE / "csv", tmp_path / "out")

    assert after[1] == before[1]
    assert difference(before[0], after[0]) == {}


def test_demo_comes_back_as_the_same_people(db: None, tmp_path: Path) -> None:
    write_export(tmp_path / "demo", people=120, seed=3, nasty=True)

    before, after = there_and_back(tmp_path / "demo", tmp_path / "out", _people_of_the_portal)

    assert before[1]["Patient"] > 100
    assert after[1] == before[1]
    assert difference(before[0], after[0]) == {}


def _people_of_the_portal() -> None:
    doctor = SpecialistFactory(first_name="Ben", last_name="Vos", email="ben@example.org")
    pursued = PatientFactory(
        first_name="Zoë",
        last_name="Made-Here",
        stage="patient",
        converted_at=timezone.now(),
        initial_consult_at=timezone.now(),
        physician=doctor,
    )
    CTReferralFactory(patient=pursued, status="eligible", eligible="yes")
    EAPDossierFactory(patient=pursued, number="EAP-OWN-1")
    BookingFactory(patient=PatientFactory(first_name="Lead", last_name="Made-Here"))


def test_values_that_people_decided_come_back_as_they_decided(db: None, tmp_path: Path) -> None:
    """Of a number without a label nobody would know in the new portal what it means."""
    rows = {
        "contacts": [contact(1, "Anna", "Berg", contact_type="100000099")],
        "patients": [
            patient(2, "Ben", "Smit", trial_id="NCT01234567", eligible="100000098"),
            patient(
                *(3, "Cas", "Bos"),
                trial_id="NCT01234567",
                eligible=exports.YES,
                ct_outcome="100000096",
            ),
        ],
        "dossiers": [dossier(1, "EAP-1", 2, product="100000097")],
    }

    def decide() -> None:
        product = Product.objects.get(name="Gliovance")
        settling.settle(
            by=UserFactory(),
            reason="asked",
            verdicts=[
                Verdict("contact_type", "100000099", "pharmacist"),
                Verdict("eligible", "100000098", "no"),
                Verdict("eligible", exports.YES, "unknown"),
                Verdict("ct_outcome", "100000096", "site_declined"),
                Verdict("product", "100000097", str(product.pk)),
            ],
        )

    source = exports.write(tmp_path / "in", **rows)
    before, after = there_and_back(source, tmp_path / "out", decide)

    assert before[1] == {"Patient": 2, "Specialist": 1, "CTReferral": 2, "EAPDossier": 1}
    assert after[1] == before[1]
    assert difference(before[0], after[0]) == {}
    referrals = dict(CTReferral.objects.values_list("eligible", "outcome"))
    assert referrals == {"no": "pending", "unknown": "site_declined"}


def test_calls_before_the_last_and_second_addresses_stay_behind(db: None, tmp_path: Path) -> None:
    """What docs/migration-reference.md says of the shape: it has one column for each."""
    rows = {
        "contacts": [
            contact(1, "Anna", "Berg", "a@example.org; b@example.org", booking_date=first)
            | {"versionnumber": str(number)}
            for number, first in enumerate(("2024-02-01T09:00:00Z", "2024-03-01T09:00:00Z"), 1)
        ],
        "patients": [patient(1, "Anna", "Berg", of=1)],
        "dossiers": [dossier(1, "EAP-1", 1)],
    }
    seen = []

    def look() -> None:
        person = Patient.objects.get()
        seen.append((Booking.objects.count(), person.contact_points.count()))

    source = exports.write(tmp_path / "in", **rows)
    before, after = there_and_back(source, tmp_path / "out", look)
    look()

    assert seen == [(2, 1), (1, 0)]
    assert after[1] == before[1]
    assert difference(before[0], after[0]) == {}
