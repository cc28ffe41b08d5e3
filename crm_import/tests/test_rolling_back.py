"""Taking a run back: what goes, what is as before, what stays, and what comes again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.models import (
    Crosswalk,
    ImportRun,
    LegacyContact,
    PendingLink,
    Problem,
    RowOutcome,
    TakenBack,
)
from crm_import.refusals import LaterRun, NoSuchRun, NotRolledBack
from crm_import.rolling_back import roll_back
from crm_import.tests import exports
from crm_import.tests.checksums import checksums, state
from crm_import.tests.exports import (
    ANNA,
    MOVED,
    SOON,
    contact,
    dossier,
    guid,
    patient,
    physician,
)
from crm_import.undoing import restoring
from patients.models import (
    Hospital,
    MedicalCondition,
    Note,
    Patient,
    PossibleDuplicate,
    Specialist,
    Submission,
)
from portal.core.history import acting
from portal.core.ids import uuid7
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral, EAPDossier, Product

Bring = Callable[..., Result]

UMC = {"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}
EXPORT = {
    "contacts": [
        {**ANNA, "medical_condition": exports.DMD},
        contact(2, "Anne", "Berg", "anna@example.org"),
        contact(5, "Cor", "Dam", contact_type=""),
        physician(3, "Ida", "Vos", "ida@example.org", hospital=guid(70)),
    ],
    "patients": [
        patient(1, "Anna", "Berg", of=1, physician=guid(3), trial_id="NCT01234567", eligible="7")
    ],
    "dossiers": [dossier(1, "EAP-1", 1)],
    "hospitals": [UMC],
}
MADE = (
    *(Patient, Specialist, Hospital, MedicalCondition, Booking, Submission, CTReferral),
    *(EAPDossier, Note, PossibleDuplicate, Product),
)


def now() -> dict[str, str]:
    """The state without history, which tells more after a rollback."""
    return {table: rows for table, rows in state().items() if not table.endswith("event")}


def newest() -> ImportRun:
    return ImportRun.objects.order_by("-started_at", "-id")[0]


def by_hand(model: type, **values: object) -> None:
    """A member of staff changes all rows of a model."""
    user = UserFactory()
    with acting(by=user, reason="by hand"):
        model._default_manager.update(**values)


def held() -> dict[str, int]:
    """How many records of each kind there are."""
    return {model.__name__: model._default_manager.count() for model in MADE}


def test_whole_load_goes_and_comes_again_as_it_was(bring: Bring, db: None) -> None:
    before = held()
    run = bring(**EXPORT).run
    first = now()

    result = roll_back(run_id=run.pk, by=None, apply=True)

    assert held() == before
    assert not Crosswalk.objects.exists()
    assert not RowOutcome.objects.exists()
    assert not Problem.objects.exists()
    assert LegacyContact.objects.count() == 4
    assert TakenBack.objects.filter(entity="Contact").count() == 4
    assert (result.kept, result.blocked) == ([], [])
    assert result.report["rollback"]["undone"]["patients.Patient"] == 2
    assert result.report["totals"]["patients"] == 0

    again = bring(**EXPORT)

    assert now() == first
    assert not TakenBack.objects.exists()
    assert again.report["created"]["patients"] == 2
    assert again.report["tables"]["Contact"]["unchanged"] == 0


def test_rolled_back_rows_do_not_come_with_another_export(bring: Bring) -> None:
    run = bring(**EXPORT).run
    roll_back(run_id=run.pk, by=None, apply=True)

    again = bring(contacts=[contact(9, "Ben", "Smit")])

    assert [person.first_name for person in Patient.objects.all()] == ["Ben"]
    assert set(again.report["problems"]) == set()
    assert TakenBack.objects.filter(entity="Contact").count() == 4


def test_dry_run_says_what_would_be_and_changes_nothing(bring: Bring) -> None:
    run = bring(**EXPORT).run
    before = checksums()

    result = roll_back(run_id=run.pk, by=None)

    assert checksums() == before
    assert not result.is_applied
    assert result.report["rollback"]["undone"]["bookings.Booking"] == 1


def test_delta_goes_and_what_it_changed_is_as_before(bring: Bring) -> None:
    bring(contacts=[ANNA])
    ours = {"version", "updated_at"}
    before = Booking.objects.values().get()
    again = bring(contacts=[MOVED, contact(9, "Ben", "Smit")])
    second = Booking.objects.order_by("starts_at").values_list("status", flat=True)
    assert list(second) == ["rescheduled", "booked"]

    result = roll_back(run_id=again.run.pk, by=None, apply=True)

    after = Booking.objects.values().get()
    assert {k: v for k, v in after.items() if k not in ours} == {
        k: v for k, v in before.items() if k not in ours
    }
    assert Submission.objects.count() == Patient.objects.count() == 1
    buckets = result.report["rollback"]
    assert buckets["restored"] == {"bookings.Booking": 1}
    assert buckets["undone"]["patients.Patient"] == 1


def test_first_export_after_a_rolled_back_delta_changes_nothing(bring: Bring) -> None:
    bring(contacts=[ANNA])
    again = bring(contacts=[MOVED])
    roll_back(run_id=again.run.pk, by=None, apply=True)
    before = now()

    third = bring(contacts=[ANNA])

    assert now() == before
    assert third.report["tables"]["Contact"]["unchanged"] == 1


def test_list_that_comes_back_after_another_export_is_noticed(bring: Bring) -> None:
    run = bring(contacts=[ANNA], hospitals=[UMC]).run
    roll_back(run_id=run.pk, by=None, apply=True)
    bring(contacts=[ANNA])

    bring(contacts=[ANNA], hospitals=[UMC])

    assert Hospital.objects.get().name == "UMC"


def test_late_links_of_a_rolled_back_run_wait_again_and_are_made_again(bring: Bring) -> None:
    early = {
        "contacts": [physician(1, "Ida", "Vos", hospital=guid(70)), contact(2, "Anna", "Berg")],
        "patients": [patient(1, "Anna", "Berg", of=2, physician=guid(3))],
        "dossiers": [dossier(1, "EAP-1", 9)],
    }
    late = {
        **early,
        "contacts": [*early["contacts"], physician(3, "Udo", "Ott")],
        "patients": [*early["patients"], patient(9, "Ben", "Smit")],
        "hospitals": [UMC],
    }
    bring(**early)
    waiting = set(PendingLink.objects.values_list("entity", "field", "missing_id"))
    again = bring(**late)
    there = now()
    assert not PendingLink.objects.exists()

    roll_back(run_id=again.run.pk, by=None, apply=True)

    assert set(PendingLink.objects.values_list("entity", "field", "missing_id")) == waiting
    assert Specialist.objects.get().hospital is None
    assert Patient.objects.get().physician is None

    bring(**late)

    assert not PendingLink.objects.exists()
    assert Specialist.objects.get(first_name="Ida").hospital == Hospital.objects.get()
    assert now().keys() == there.keys()
    told = {table: rows for table, rows in now().items() if rows != there[table]}
    # The versions of the records that went back and forth are higher.
    assert set(told) == {"patients_patient", "patients_specialist"}


# --- what stays ---------------------------------------------------------------------------------


def test_person_whom_somebody_edited_stays_whole(bring: Bring) -> None:
    run = bring(**EXPORT).run
    user = UserFactory()
    with acting(by=user, reason="by hand"):
        Patient.objects.filter(first_name="Anna").update(phone="+31201234567")

    result = roll_back(run_id=run.pk, by=None, apply=True)

    anna = Patient.objects.get()
    assert anna.physician is not None
    assert anna.physician.hospital == Hospital.objects.get()
    assert anna.submissions.exists()
    assert anna.bookings.exists()
    assert anna.eap_dossiers.exists()
    why = {(kept.label, kept.because) for kept in result.kept}
    assert ("patients.Patient", "changed") in why
    assert ("bookings.Booking", "part") in why
    assert ("patients.Specialist", "referenced") in why
    # Her rows are placed as before; those of the others are not.
    assert RowOutcome.objects.filter(legacy_id=guid(1)).exists()
    assert not RowOutcome.objects.filter(legacy_id=guid(2)).exists()

    again = bring(**EXPORT)

    assert Patient.objects.count() == 2
    assert Patient.objects.filter(phone="+31201234567").count() == 1
    assert again.report["tables"]["Contact"]["imported"] == 1
    assert Booking.objects.count() == 1


def test_person_with_something_new_stays(bring: Bring) -> None:
    run = bring(contacts=[ANNA, contact(2, "Ben", "Smit")]).run
    anna = Patient.objects.get(first_name="Anna")
    user = UserFactory()
    with acting(by=user, reason="by hand"):
        Note.objects.create(patient=anna, text="Called.", author=user)

    result = roll_back(run_id=run.pk, by=None, apply=True)

    assert Patient.objects.get() == anna
    assert [k.because for k in result.kept if k.label == "patients.Patient"] == ["referenced"]


def test_field_that_somebody_changed_stays_and_the_others_go_back(bring: Bring) -> None:
    bring(contacts=[ANNA])
    again = bring(contacts=[MOVED])
    earlier = Booking.objects.get(status="rescheduled")
    with acting(by=UserFactory(), reason="by hand"):
        Booking.objects.filter(pk=earlier.pk).update(
            status="cancelled", cancelled_by="navigator", cancel_reason="ill", rescheduled_to=None
        )

    result = roll_back(run_id=again.run.pk, by=None, apply=True)

    assert Booking.objects.get().status == "cancelled"
    (kept,) = result.kept
    assert (kept.label, kept.id, kept.because) == ("bookings.Booking", str(earlier.pk), "changed")
    assert kept.fields == ("status",)


def test_record_that_somebody_deleted_stays_deleted(bring: Bring) -> None:
    run = bring(contacts=[physician(1, "Ida", "Vos")]).run
    with acting(by=UserFactory(), reason="by hand"):
        Specialist.objects.get().delete()

    result = roll_back(run_id=run.pk, by=None, apply=True)

    assert [kept.because for kept in result.kept] == ["gone"]
    bring(contacts=[physician(1, "Ida", "Vos")])
    assert not Specialist.objects.exists()


def test_constraint_in_the_way_is_named_and_the_rest_goes_back(bring: Bring) -> None:
    bring(contacts=[ANNA])
    again = bring(contacts=[MOVED])
    anna = Patient.objects.get(first_name="Anna")
    # Somebody books the time that the delta had freed.
    with acting(by=UserFactory(), reason="by hand"):
        Booking.objects.create(patient=anna, starts_at=SOON, ends_at=SOON + timedelta(minutes=30))

    result = roll_back(run_id=again.run.pk, by=None, apply=True)

    (blocked,) = result.blocked
    # The time that it was moved to stays, because it still points there.
    assert [(kept.label, kept.because) for kept in result.kept] == [
        ("bookings.Booking", "referenced")
    ]
    assert Booking.objects.count() == 3
    assert blocked.label == "bookings.Booking"
    assert blocked.constraint.startswith("bookings_booking_")
    assert result.report["rollback"]["blocked"] == {"bookings.Booking": 1}


def test_many_rows_go_with_their_foreign_keys_taken_off(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "MANY", 1)
    run = bring(**EXPORT).run
    before = now()
    dry = roll_back(run_id=run.pk, by=None)

    done = roll_back(run_id=run.pk, by=None, apply=True)

    assert dry.report["rollback"]["undone"] == done.report["rollback"]["undone"]
    assert not Patient.objects.exists()
    bring(**EXPORT)
    assert now() == before


def test_change_in_the_middle_of_it_stops_it(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    run = bring(contacts=[ANNA]).run

    def change(*_args: object) -> None:
        by_hand(Patient, phone="+31201234567")

    monkeypatch.setattr("crm_import.undoing.keep_what_is_needed", change)

    with pytest.raises(NotRolledBack, match="meanwhile"):
        roll_back(run_id=run.pk, by=None, apply=True)

    assert Booking.objects.count() == 1


# --- which run --------------------------------------------------------------------------------


def test_only_the_newest_run_can_be_taken_back(bring: Bring) -> None:
    first = bring(contacts=[ANNA]).run
    second = bring(contacts=[MOVED]).run

    with pytest.raises(LaterRun, match=str(second.pk)):
        roll_back(run_id=first.pk, by=None, apply=True)

    roll_back(run_id=second.pk, by=None, apply=True)
    roll_back(run_id=first.pk, by=None, apply=True)
    assert not Patient.objects.exists()
    with pytest.raises(NoSuchRun, match="already"):
        roll_back(run_id=first.pk, by=None, apply=True)
    with pytest.raises(NoSuchRun, match="no import"):
        roll_back(run_id=uuid7(), by=None, apply=True)


def test_rollback_is_a_run_of_its_own_in_the_ledger(bring: Bring) -> None:
    run = bring(contacts=[ANNA]).run
    user = UserFactory()

    roll_back(run_id=run.pk, by=user, apply=True)

    ledger = newest()
    assert (ledger.kind, ledger.undoes, ledger.by) == ("rollback", run, user)
    assert ledger.finished_at is not None
    deleted = Patient.pgh_event_models["delete"].objects.get(pgh_label="delete")  # type: ignore[attr-defined]
    assert deleted.pgh_context.metadata["run"] == str(ledger.pk)
    assert deleted.pgh_context.metadata["reason"] == "rollback of an import"


# --- the command --------------------------------------------------------------------------------


def test_command_says_what_it_would_do_and_does_it(
    bring: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    run = bring(contacts=[ANNA]).run
    anna = Patient.objects.get()
    by_hand(Patient, phone="+31201234567")

    call_command("crm_rollback", str(run.pk))
    dry = capsys.readouterr().out
    call_command("crm_rollback", str(run.pk), "--apply")
    done = capsys.readouterr().out

    assert f"kept     patients.Patient {anna.pk}: changed here since" in dry
    assert "Nothing was changed. Say --apply" in dry
    assert f"Done. The rollback is run {newest().pk}." in done
    assert "Berg" not in dry + done
    with pytest.raises(CommandError) as refused:
        call_command("crm_rollback", str(run.pk))
    assert refused.value.returncode == 2
