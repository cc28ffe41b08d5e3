"""The invented people that are measured with obey every rule of the real ones."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from bookings.models import Booking
from patients.models import Hospital, Patient, Specialist
from patients.tests.factories import PatientFactory
from portal import scale
from portal.core.tests.factories import UserFactory
from referrals.models import ClinicalTrial, CTReferral, DossierStep, EAPDossier

SMALL = scale.Size(
    patients=300,
    bookings=600,
    referrals=90,
    dossiers=15,
    specialists=30,
    hospitals=20,
    trials=12,
    programs=5,
    navigators=3,
)


def rows_of(question: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def indexes() -> list[tuple[Any, ...]]:
    """Every index. PostgreSQL spells the same condition in two ways, so only that it is there."""
    return rows_of(
        "SELECT indexrelid::regclass::text, split_part(pg_get_indexdef(indexrelid), ' WHERE ', 1),"
        " indpred IS NULL, indisunique, indisvalid"
        " FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    )


@pytest.mark.django_db
def test_fill_writes_as_many_rows_as_asked_for() -> None:
    written = scale.fill(SMALL)

    assert written["patients_patient"] == Patient.objects.count() == 300
    assert written["bookings_booking"] == Booking.objects.count() == 600
    assert written["referrals_ctreferral"] == CTReferral.objects.count() == 90
    assert written["referrals_eapdossier"] == EAPDossier.objects.count() == 15
    assert written["referrals_dossierstep"] == DossierStep.objects.count() == 45
    assert written["patients_specialist"] == Specialist.objects.count() == 30
    assert written["referrals_clinicaltrial"] == ClinicalTrial.objects.count() == 12
    assert written["core_user"] == 3
    assert min(written[table] for table in scale.LARGE) > 0


@pytest.mark.django_db
def test_filled_rows_pass_every_check_of_their_models() -> None:
    scale.fill(SMALL)

    checked = 0
    for model in apps.get_models():
        if model._meta.db_table in {*scale.SMALL, *scale.LARGE}:
            for row in model._default_manager.all()[:40]:
                row.full_clean()
                checked += 1
    assert checked > 600


@pytest.mark.django_db
def test_filled_ids_are_version_7_of_the_time_of_creation() -> None:
    scale.fill(SMALL)

    for patient in Patient.objects.all():
        assert patient.pk.version == 7
        milliseconds = patient.pk.int >> 80
        assert abs(milliseconds - patient.created_at.timestamp() * 1000) < 2
    assert Patient.objects.values("pk").distinct().count() == 300


@pytest.mark.django_db
def test_filled_bookings_never_put_anybody_into_two_calls_at_once() -> None:
    scale.fill(SMALL)

    for person in ("navigator_id", "patient_id"):
        twice = rows_of(
            f"SELECT count(*) FROM bookings_booking a JOIN bookings_booking b"
            f" ON a.{person} = b.{person} AND a.id < b.id"
            " AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"
        )
        assert twice == [(0,)]
    assert Booking.objects.filter(navigator__isnull=False).count() > 500


@pytest.mark.django_db
def test_fill_leaves_indexes_and_triggers_as_they_were() -> None:
    before = indexes()
    history = apps.get_model("patients", "PatientEvent").objects

    scale.fill(SMALL)
    patient = Patient.objects.filter(stage="lead").first()
    patient.first_name = "Renamed"
    patient.save()

    assert indexes() == before
    assert [(event.first_name, event.pgh_label) for event in history.all()] == [
        ("Renamed", "update")
    ]
    patient.refresh_from_db()
    assert patient.version == 2


@pytest.mark.django_db
def test_fill_with_history_records_every_row() -> None:
    scale.fill(SMALL, history=True)

    assert apps.get_model("patients", "PatientEvent").objects.count() == 300
    assert apps.get_model("bookings", "BookingEvent").objects.count() == 600


@pytest.mark.django_db
def test_fill_again_adds_other_people_around_the_calls_there_are() -> None:
    scale.fill(SMALL)
    navigator = Booking.objects.filter(navigator__isnull=False).first().navigator
    # A call at an odd time, across two half hours.
    noon = timezone.now().replace(hour=12, minute=10) + timedelta(days=3)
    Booking.objects.create(
        patient=PatientFactory(),
        navigator=navigator,
        starts_at=noon,
        ends_at=noon + timedelta(minutes=40),
    )

    scale.fill(SMALL)

    assert Patient.objects.count() == 601
    blocking = Booking.objects.blocking().filter(navigator=navigator)
    overlapping = blocking.filter(starts_at__lt=noon + timedelta(minutes=40), ends_at__gt=noon)
    assert overlapping.count() == 1


@pytest.mark.django_db
def test_fill_that_leaves_broken_references_is_refused(monkeypatch: Any) -> None:
    lose = ("lose", "DELETE FROM patients_hospital WHERE name LIKE %(role)s || '%%' OR true")
    monkeypatch.setattr(scale, "_WRITE", (*scale._WRITE, lose))

    with pytest.raises(scale.BrokenReferences, match="patients_specialist_hospital_id"):
        scale.fill(SMALL)

    assert not Patient.objects.exists()
    assert not Hospital.objects.exists()


@pytest.mark.django_db
def test_fill_by_an_account_that_may_not_switch_triggers_off_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE scale_clerk")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO scale_clerk")
        cursor.execute("SET LOCAL ROLE scale_clerk")

        with pytest.raises(scale.NotAllowed):
            scale.fill(SMALL)

        cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_command_fills_and_says_what_it_wrote(settings: Any) -> None:
    settings.EMBEDDED = True
    out = StringIO()

    call_command("seed_scale", patients=40, specialists=5, navigators=2, verbosity=2, stdout=out)

    assert Patient.objects.count() == 40
    assert Booking.objects.count() == 80
    assert "patients_patient" in out.getvalue()
    assert "foreign keys verified" in out.getvalue()
    assert rows_of("SELECT reltuples FROM pg_class WHERE relname = 'patients_patient'") == [(40,)]


@pytest.mark.django_db
def test_command_refuses_where_there_are_patients(settings: Any) -> None:
    settings.EMBEDDED = True
    PatientFactory()

    with pytest.raises(CommandError, match="--add"):
        call_command("seed_scale", patients=10)


@pytest.mark.django_db
def test_command_refuses_a_database_that_is_not_embedded(settings: Any) -> None:
    settings.EMBEDDED = False
    UserFactory()

    with pytest.raises(CommandError, match="--yes-fill-this-database"):
        call_command("seed_scale", patients=10)

    assert not Patient.objects.exists()


@pytest.mark.django_db
def test_command_refuses_to_make_nobody(settings: Any) -> None:
    settings.EMBEDDED = True

    with pytest.raises(CommandError, match="1 or more"):
        call_command("seed_scale", patients=0)
