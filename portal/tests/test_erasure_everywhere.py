"""Erasing with the tables of every app: what was planted in a person's record is nowhere after."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, models, transaction

from bookings.models import Booking
from bookings.tests.factories import BookingFactory, CallFactory
from bookings.tests.test_scheduling import race
from crm_import.models import ForgottenRow, LegacyContact, LegacyPatient, UnreadableRecord
from crm_import.tests.factories import (
    CorrectionFactory,
    CrosswalkFactory,
    FieldConflictFactory,
    ImportPlanFactory,
    LegacyContactFactory,
    LegacyDossierFactory,
    LegacyPatientFactory,
    PairDecisionFactory,
    PendingLinkFactory,
    ProblemFactory,
    RowOutcomeFactory,
    UnreadableRecordFactory,
)
from patients import documents, erasure, forgetting, holdings, traces
from patients.merging import merge
from patients.models import (
    Document,
    ErasedPatient,
    ErasureRequest,
    Patient,
    PatientMerge,
    SoughtValue,
)
from patients.tests.factories import ConsentFactory as _ConsentFactory
from patients.tests.factories import (
    ContactPointFactory,
    DocumentFactory,
    FieldProposalFactory,
    MedicalConditionFactory,
    MergedPatientFactory,
    MessageFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    RuleOverrideFactory,
    SpecialistFactory,
    StageChangeFactory,
    SubmissionFactory,
)
from patients.unmerging import undo
from portal.core import access
from portal.core.errors import Refused
from portal.core.history import acting, history_unsealed
from portal.core.ids import uuid7
from portal.core.models import AccessEvent
from portal.core.tests.factories import UserFactory
from referrals.tests.factories import (
    AssessedFactory,
    CriterionAnswerFactory,
    CTReferralFactory,
    DossierChangeFactory,
    DossierStepDependencyFactory,
    DossierStepFactory,
    EAPDossierFactory,
    FollowUpFactory,
    OptionsReportFactory,
    ReferralChangeFactory,
    SafetyReportChangeFactory,
    SafetyReportFactory,
    ShipmentFactory,
    StepDocumentFactory,
)

State = ErasureRequest.State


def ask(patient_id: UUID, **options: Any) -> ErasureRequest:
    """A request that somebody else has approved."""
    ground = options.pop("ground", ErasureRequest.Ground.CONSENT_WITHDRAWN)
    wanted = erasure.request(patient_id=patient_id, by=UserFactory(), ground=ground, **options)
    return erasure.approve(request_id=wanted.pk, by=UserFactory())


def erase(patient_id: UUID) -> ErasureRequest:
    wanted = ask(patient_id)
    try:
        return erasure.execute(request_id=wanted.pk, by=UserFactory())
    except erasure.TracesLeft:
        wanted.refresh_from_db()
        pytest.fail(json.dumps(wanted.certificate["searched"]["traces"], indent=1))


def leftovers(*words: str) -> dict[str, int]:
    """Table → rows that have one of these words, in whatever column. Knows nothing of the scan."""
    spelled = [*words, *(word.encode().hex() for word in words)]
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text ILIKE ANY (%s)",
                [[f"%{word}%" for word in spelled]],
            )
            [count] = cursor.fetchone()
            if count:
                found[table] = count
    return found


# --- canaries

# Columns whose form the database checks: they get a value of their own.
FORMED = {
    "patients.Patient.phone": "+31612345670",
    "patients.Patient.email": "us@canary.example",
    "patients.Document.sha256": "c" * 64,
    "patients.Document.file": "ca/naryfile",
}
# Short codes, and what links rows: no word fits.
UNPLANTED = {
    "patients.Patient.country",
    "patients.Patient.language",
    "patients.Consent.language",
    "patients.Message.language",
}


# A fact with a word in every column: an answer, and no number beside it.
ANSWERED = {"number": None, "text": "yes", "entered": "yes", "unit": ""}


def is_chosen(column: Any) -> bool:
    """Whether the database takes known words only."""
    return bool(column.choices or getattr(getattr(column, "base_field", None), "choices", None))


def plant(row: models.Model, word: str) -> Iterator[str]:
    """Write the word into every column of the row that can hold one; gives the columns."""
    model = type(row)
    for column in model._meta.concrete_fields:
        name = f"{model._meta.label}.{column.name}"
        if name in UNPLANTED or is_chosen(column) or isinstance(column, models.GeneratedField):
            continue
        if isinstance(column, models.JSONField):
            value: Any = {"first_name": word, "said": [{"deep": f'"{word}" in {column.name}'}]}
            value = [{"did": "add", "model": "x.Y", "id": word}] if "journal" in name else value
        elif isinstance(column, models.BinaryField):
            value = f"\xff{word},Lovelace".encode("latin-1")
        elif isinstance(column, ArrayField):
            value = [word]
        elif isinstance(column, models.CharField | models.TextField | models.FileField):
            value = FORMED.get(name, f"{word} {column.name}")
        else:
            continue
        with history_unsealed("planting"):
            model._base_manager.filter(pk=row.pk).update(**{column.name: value})
        yield name


def person_with_everything() -> tuple[Patient, list[models.Model]]:
    """A patient with one row, and one version of it, in every table that a person can be in."""
    patient = PatientFactory(on_behalf_of_name="Eva", on_behalf_of_relation="parent")
    submission = SubmissionFactory(patient=patient)
    dossier = EAPDossierFactory(patient=patient)
    steps = DossierStepFactory.create_batch(2, dossier=dossier)
    document = DocumentFactory(patient=patient)
    booking, referral = BookingFactory(patient=patient), CTReferralFactory(patient=patient)
    report = SafetyReportFactory(dossier=dossier)
    contact, legacy_patient = LegacyContactFactory(), LegacyPatientFactory()
    legacy_dossier = LegacyDossierFactory()
    rows = [
        patient,
        submission,
        ContactPointFactory(patient=patient),
        _ConsentFactory(patient=patient),
        NoteFactory(patient=patient),
        document,
        ObservationFactory(
            patient=patient, status="entered_in_error", error_reason="Misread", **ANSWERED
        ),
        MessageFactory(patient=patient),
        FieldProposalFactory(patient=patient, submission=submission),
        StageChangeFactory(patient=patient),
        RuleOverrideFactory(patient=patient),
        PossibleDuplicateFactory(first_patient=patient, second_patient=PatientFactory()),
        MergedPatientFactory(survivor=patient),
        PatientMerge.objects.create(survivor=patient, loser_id=uuid7(), merged_by=UserFactory()),
        booking,
        CallFactory(patient=patient, booking=booking),
        referral,
        ReferralChangeFactory(referral=referral),
        OptionsReportFactory(patient=patient, document=document),
        CriterionAnswerFactory(patient=patient),
        AssessedFactory(patient=patient),
        dossier,
        *steps,
        DossierStepDependencyFactory(step=steps[0], needed=steps[1]),
        ShipmentFactory(dossier=dossier),
        FollowUpFactory(dossier=dossier),
        report,
        SafetyReportFactory(dossier=dossier, follows=report),
        SafetyReportChangeFactory(report=report),
        StepDocumentFactory(step=steps[0], document=document),
        DossierChangeFactory(dossier=dossier, step=steps[0]),
        contact,
        legacy_patient,
        legacy_dossier,
        FieldConflictFactory(patient=patient),
    ]
    for entity, row, target in (
        ("Contact", contact, patient),
        ("Patient", legacy_patient, patient),
        ("EAPDossier", legacy_dossier, dossier),
    ):
        legacy_id = uuid7()
        CrosswalkFactory(
            entity=entity,
            legacy_id=legacy_id,
            target_model=target._meta.label_lower,
            target_id=target.pk,
        )
        RowOutcomeFactory(entity=entity, row=row.pk, legacy_id=legacy_id, outcome="imported")
        ProblemFactory(entity=entity, row=row.pk, legacy_id=legacy_id)
        PendingLinkFactory(entity=entity, legacy_id=legacy_id)
        rows.append(CorrectionFactory(entity=entity, row=row.pk, legacy_id=legacy_id))
        PairDecisionFactory(first_id=legacy_id, second_id=UUID(int=legacy_id.int + 1))
    return patient, rows


@pytest.mark.django_db
def test_canaries_in_every_column_and_file_are_gone_after_an_erasure() -> None:
    patient, rows = person_with_everything()
    planted = [name for row in rows for name in plant(row, "canary")]
    default_storage.save("ca/naryfile", ContentFile(b"canary"))
    labels = {row._meta.label for row in rows}
    assert labels >= {one.label for one in holdings.holdings() if not one.kept}
    assert len(planted) > 60
    events = {table for table in leftovers("canary") if table.endswith("event")}
    assert len(events) > 15

    done = erase(patient.pk)

    assert done.state == State.VERIFIED
    assert leftovers("canary", "Lovelace", "31612345670") == {}
    assert not default_storage.exists("ca/naryfile")
    assert done.certificate["deleted"]["files"] >= 1
    assert set(done.certificate["deleted"]["rows"]) >= {
        label for label in labels if not label.startswith("crm_import.")
    }
    kept = {"patients_erasedpatient", "patients_erasedpatientevent", "core_accessevent"}
    named = set(leftovers(str(patient.pk)))
    assert named <= {*kept, "patients_erasurerequest", "patients_erasurerequestevent"}
    assert not SoughtValue.objects.exists()


@pytest.mark.django_db
def test_every_personal_column_of_a_person_can_be_planted() -> None:
    """So that a new column cannot be passed over by the test above."""
    from portal.core.privacy import Personal, classification

    _patient, rows = person_with_everything()
    planted = {name for row in rows for name in plant(row, "canary")}

    words = (
        *(models.CharField, models.TextField, models.FileField),
        *(models.JSONField, models.BinaryField, ArrayField),
    )
    personal = {
        f"{row._meta.label}.{name}"
        for row in rows
        for name, kind in classification(type(row)).items()
        if kind != Personal.NONE
        and isinstance(column := row._meta.get_field(name), words)
        and not is_chosen(column)
        and not isinstance(column, models.GeneratedField)
    }
    assert personal <= planted


# --- a second person


@pytest.mark.django_db
def test_approval_by_the_one_who_requested_is_refused_by_verb_and_database() -> None:
    by = UserFactory()
    wanted = erasure.request(patient_id=PatientFactory().pk, by=by, ground="objection")

    with pytest.raises(Refused) as refused:
        erasure.approve(request_id=wanted.pk, by=by)
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        ErasureRequest.objects.filter(pk=wanted.pk).update(approved_by=by)

    assert refused.value.code == "second_person"
    assert "second_person" in str(broken.value)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["approved", "failed", "files_left", "erased", "verified"])
def test_state_beyond_planned_without_approval_is_refused_by_the_database(state: str) -> None:
    wanted = erasure.request(patient_id=PatientFactory().pk, by=UserFactory(), ground="child")

    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.filter(pk=wanted.pk).update(state=state)


@pytest.mark.django_db
def test_execute_before_approval_is_refused() -> None:
    wanted = erasure.request(patient_id=PatientFactory().pk, by=UserFactory(), ground="child")

    with pytest.raises(Refused) as refused:
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    assert refused.value.code == "erasure_planned"


@pytest.mark.django_db
def test_request_for_a_restricted_person_is_refused() -> None:
    patient = PatientFactory(processing_restricted=True)

    with pytest.raises(Refused) as refused:
        erasure.request(patient_id=patient.pk, by=UserFactory(), ground="objection")

    assert refused.value.code == "restricted"
    assert [one.code for one in erasure.missing_to_request(patient)] == ["restricted"]


@pytest.mark.django_db
def test_second_request_is_refused_until_the_first_is_withdrawn() -> None:
    patient = PatientFactory()
    first = erasure.request(patient_id=patient.pk, by=UserFactory(), ground="objection")
    with pytest.raises(Refused) as refused:
        erasure.request(patient_id=patient.pk, by=UserFactory(), ground="objection")

    erasure.withdraw(request_id=first.pk, by=UserFactory())
    again = erasure.request(patient_id=patient.pk, by=UserFactory(), ground="objection")

    assert refused.value.code == "requested"
    assert again.state == State.PLANNED


@pytest.mark.django_db
def test_reference_that_names_the_person_is_refused() -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace")

    with pytest.raises(Refused) as refused:
        erasure.request(
            patient_id=patient.pk,
            by=UserFactory(),
            ground="child",
            reference="Mail of A. (Lovelace, Ada)",
        )

    assert refused.value.code == "reference_names_person"


@pytest.mark.django_db
def test_plan_counts_what_execution_deletes() -> None:
    patient, _rows = person_with_everything()
    access.opened(Patient, [patient.pk], by=UserFactory(), route=AccessEvent.Route.ADMIN)
    wanted = ask(patient.pk)

    done = erasure.execute(request_id=wanted.pk, by=UserFactory())

    planned, deleted = wanted.plan, done.certificate["deleted"]
    assert {k: v for k, v in deleted["rows"].items() if k in planned["rows"]} == planned["rows"]
    assert planned["files"] == deleted["files"] == 1
    kept = {one["table"]: one["rows"] for one in done.certificate["kept"]}
    assert kept["core.AccessEvent"] == 1


# --- afterwards


@pytest.mark.django_db
def test_erased_id_takes_nothing_any_more() -> None:
    patient = PatientFactory()
    erase(patient.pk)

    with pytest.raises(IntegrityError) as back, transaction.atomic():
        PatientFactory(pk=patient.pk)
    NoteFactory(patient_id=patient.pk, patient=None)
    with pytest.raises(IntegrityError):
        connection.check_constraints()
    assert "erased" in str(back.value)


@pytest.mark.django_db
def test_verb_on_an_erased_person_is_refused_as_such() -> None:
    patient = PatientFactory()
    erase(patient.pk)

    with pytest.raises(Refused) as refused:
        erasure.request(patient_id=patient.pk, by=UserFactory(), ground="child")

    assert refused.value.code == "erased"
    assert erasure.erased(patient.pk) is not None


@pytest.mark.django_db
def test_erasure_of_one_leaves_everything_of_another() -> None:
    patient, _rows = person_with_everything()
    other, others = person_with_everything()
    before = {row: type(row)._base_manager.filter(pk=row.pk).values().get() for row in others}

    erase(patient.pk)

    after = {row: type(row)._base_manager.filter(pk=row.pk).values().get() for row in others}
    assert after == before
    assert other.events.exists()


# --- merged people


def people_merged() -> tuple[Patient, Patient]:
    survivor = PatientFactory(first_name="Ada", last_name="Lovelace", email="ada@one.example")
    loser = PatientFactory(first_name="Augusta", last_name="Byron", email="byron@two.example")
    NoteFactory(patient=loser, text="Canarynote of the one who was merged away")
    return survivor, loser


@pytest.mark.django_db
def test_merged_person_is_erased_under_both_ids() -> None:
    survivor, loser = people_merged()
    merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory(), reason="Byron is Lovelace")

    done = erase(survivor.pk)

    assert {one.old_id for one in done.erased_ids.all()} == {survivor.pk, loser.pk}
    assert leftovers("lovelace", "byron", "canarynote") == {}


@pytest.mark.django_db
def test_person_merged_into_another_after_the_approval_is_not_erased_with_them() -> None:
    survivor, loser = people_merged()
    wanted = ask(survivor.pk)
    merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    with pytest.raises(Refused) as refused:
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    assert refused.value.code == "person_changed"
    assert leftovers("canarynote")
    wanted.refresh_from_db()
    assert wanted.state == State.APPROVED
    erasure.withdraw(request_id=wanted.pk, by=UserFactory())
    assert erase(survivor.pk).former_ids == [loser.pk]


@pytest.mark.django_db
def test_approval_covers_who_was_merged_into_the_person_since_the_request() -> None:
    survivor, loser = people_merged()
    wanted = erasure.request(patient_id=survivor.pk, by=UserFactory(), ground="child")
    merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    approved = erasure.approve(request_id=wanted.pk, by=UserFactory())

    assert approved.former_ids == [loser.pk]
    done = erasure.execute(request_id=wanted.pk, by=UserFactory())
    assert done.state == State.VERIFIED


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["survivor", "loser"])
def test_person_of_a_merge_that_was_taken_back_is_erased_from_the_others_history(gone: str) -> None:
    survivor, loser = people_merged()
    done = merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())
    undo(merge_id=done.pk, by=UserFactory())

    erase({"survivor": survivor, "loser": loser}[gone].pk)

    words = {"survivor": ("lovelace", "ada@one"), "loser": ("byron", "canarynote")}
    assert leftovers(*words.pop(gone)) == {}
    [(stays, others)] = words.items()
    assert leftovers(*others)
    assert Patient.objects.filter(pk={"survivor": survivor, "loser": loser}[stays].pk).exists()


@pytest.mark.django_db
def test_mentions_by_id_in_the_rows_of_others_are_cut_out() -> None:
    patient, other, third = PatientFactory(), PatientFactory(), PatientFactory()
    candidates = [{"patient": str(patient.pk), "tier": "R2"}, {"patient": str(third.pk)}]
    submission = SubmissionFactory(patient=other, match_evidence={"review": candidates, "n": 1})
    PossibleDuplicateFactory(
        first_patient=min(patient, third, key=lambda one: one.pk),
        second_patient=max(patient, third, key=lambda one: one.pk),
        evidence={"why": "same e-mail"},
    )
    merge(survivor_id=other.pk, loser_id=third.pk, by=UserFactory())

    erase(patient.pk)

    submission.refresh_from_db()
    assert submission.match_evidence == {"review": [candidates[1]], "n": 1}
    assert str(patient.pk) not in json.dumps(PatientMerge.objects.get().journal)


# --- what fails


@pytest.mark.django_db
def test_row_that_cannot_be_deleted_fails_loudly_and_nothing_is_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient, _rows = person_with_everything()
    wanted = ask(patient.pk)
    real = forgetting._delete

    def lame(model: Any, column: str, ids: Any, **options: Any) -> int:
        some = list(ids)[1:] if model is Booking else ids
        return real(model, column, some, **options)

    monkeypatch.setattr(forgetting, "_delete", lame)
    with pytest.raises(erasure.ErasureFailed):
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    wanted.refresh_from_db()
    assert (wanted.state, wanted.certificate) == (State.FAILED, {})
    assert "bookings.Booking" in wanted.failure
    assert Patient.objects.filter(pk=patient.pk).exists()
    assert not ErasedPatient.objects.exists()

    monkeypatch.undo()
    assert erasure.execute(request_id=wanted.pk, by=UserFactory()).state == State.VERIFIED


@pytest.mark.django_db
def test_row_that_points_at_the_person_unseen_makes_the_erasure_fail() -> None:
    patient = PatientFactory()
    wanted = ask(patient.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE unseen (id int PRIMARY KEY, patient_id uuid "
            "REFERENCES patients_patient DEFERRABLE INITIALLY DEFERRED)"
        )
        cursor.execute("INSERT INTO unseen VALUES (1, %s)", [patient.pk])

    with pytest.raises(erasure.ErasureFailed) as failed:
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    wanted.refresh_from_db()
    assert wanted.state == State.FAILED
    assert "unseen" in wanted.failure
    assert str(patient.pk) not in failed.value.message


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OSError("disk"), LookupError("AccessDenied")], ids=repr)
def test_file_that_cannot_be_deleted_fails_loudly_and_can_be_repeated(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = PatientFactory()
    kept, gone = (
        DocumentFactory(patient=patient, file=default_storage.save(name, ContentFile(b"x")))
        for name in ("aa/kept", "bb/gone")
    )
    wanted = ask(patient.pk)
    real = documents.remove

    def jammed(document: Document) -> None:
        if document.file.name == kept.file.name:
            raise error
        real(document)

    monkeypatch.setattr(documents, "remove", jammed)
    with pytest.raises(erasure.ErasureFailed):
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    wanted.refresh_from_db()
    assert (wanted.state, wanted.files_left) == (State.FILES_LEFT, [kept.file.name])
    assert wanted.failure == f"{type(error).__name__}: 1 files"
    assert wanted.verified_at is None
    assert not default_storage.exists(gone.file.name)

    monkeypatch.undo()
    done = erasure.execute(request_id=wanted.pk, by=UserFactory())
    assert (done.state, done.files_left, done.failure) == (State.VERIFIED, [], "")
    assert done.certificate["deleted"]["files"] == 2


@pytest.mark.django_db
def test_trace_in_nobodys_row_fails_verification_until_it_is_removed() -> None:
    patient = PatientFactory(email="ada@canary.example")
    SubmissionFactory(patient=patient, payload={"condition_text": "Idiopathic Rare Lung Disease"})
    MedicalConditionFactory(name="Idiopathic Rare Lung Disease")
    wanted = ask(patient.pk)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (id int PRIMARY KEY, said jsonb)")
        cursor.execute("""INSERT INTO stray VALUES (7, '{"to": ["Ada@Canary.example"]}')""")

    with pytest.raises(erasure.TracesLeft):
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    wanted.refresh_from_db()
    assert (wanted.state, wanted.verified_at) == (State.TRACES_LEFT, None)
    assert wanted.certificate["searched"]["traces"] == [
        {"table": "stray", "column": "said", "row": "7", "kind": "email", "of_another": False}
    ]
    with pytest.raises(Refused):
        erasure.accept(request_id=wanted.pk, by=UserFactory())

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM stray")
    done = erasure.verify(request_id=wanted.pk, by=UserFactory())
    assert done.state == State.VERIFIED
    assert done.certificate["searched"]["traces"] == []
    assert leftovers("ada@canary") == {}


@pytest.mark.django_db
def test_trace_in_another_persons_note_is_reported_and_may_be_accepted() -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace")
    note = NoteFactory(patient=PatientFactory(), text="Sister of Ada Lovelace, who came before.")
    wanted = ask(patient.pk)
    with pytest.raises(erasure.TracesLeft):
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    done = erasure.accept(request_id=wanted.pk, by=UserFactory(name="Nora Steward"))

    assert done.state == State.VERIFIED
    accepted = done.certificate["accepted"]
    assert accepted["by"] == "Nora Steward"
    assert {(one["table"], one["row"]) for one in accepted["traces"]} >= {
        ("patients_note", str(note.pk))
    }


# --- what is not a trace


@pytest.mark.django_db
def test_family_with_one_mailbox_and_a_namesake_are_no_traces() -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace", email="us@home.example")
    sister = PatientFactory(first_name="Anna", last_name="Lovelace", email="")
    ContactPointFactory(patient=sister, value="US@home.example")
    SubmissionFactory(
        patient=sister,
        payload={"first_name": "Anna", "last_name": "Lovelace", "email": "us@home.example"},
    )
    PatientFactory(first_name="Ada", last_name="Lovelace", email="other@home.example")
    SpecialistFactory(first_name="Ada", last_name="Lovelace")
    UserFactory(name="Ada Lovelace")

    done = erase(patient.pk)

    of_others = done.certificate["searched"]["of_others"]
    assert of_others["patients_contactpoint.value: email"] == 1
    assert of_others["patients_patient.name: name"] == 1
    assert sister.contact_points.exists()


@pytest.mark.django_db
def test_certificate_says_what_was_searched_and_what_is_out_of_reach() -> None:
    done = erase(PatientFactory(phone="+31612345678").pk)

    searched = done.certificate["searched"]
    with connection.cursor() as cursor:
        cursor.execute(
            # A view (those of the legacy CRM) has no rows of its own to be left behind.
            "SELECT table_name, column_name FROM information_schema.columns "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE t.table_type = 'BASE TABLE' "
            "AND table_schema = 'public' AND table_name <> 'patients_soughtvalue' "
            "AND (data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'tsvector',"
            " 'uuid', 'ARRAY', 'USER-DEFINED') AND udt_name NOT IN ('_int4', '_int8'))"
        )
        readable = {(table, column) for table, column in cursor.fetchall()}
    assert readable == {
        (table, column) for table, columns in searched["tables"].items() for column in columns
    }
    assert searched["not_searched"] == ["patients_soughtvalue"]
    assert searched["values"]["phone"] == 1
    assert any("Backups" in line for line in done.certificate["beyond"])


# --- the legacy CRM


@pytest.mark.django_db
def test_unplaced_and_unreadable_legacy_rows_of_the_person_go_too() -> None:
    patient = PatientFactory(first_name="Anna", last_name="Berg", email="anna@berg.example")
    quarantined = LegacyContactFactory(email="<Anna@Berg.example>")
    other = LegacyContactFactory(firstname="Eva", email="anna@berg.example")
    unreadable = UnreadableRecordFactory(raw=b"1,Ann\xe9,anna@berg.example\n")

    wanted = ask(patient.pk)
    with pytest.raises(erasure.TracesLeft):
        erasure.execute(request_id=wanted.pk, by=UserFactory())

    done = erasure.accept(request_id=wanted.pk, by=UserFactory())
    assert {one["row"] for one in done.certificate["accepted"]["traces"]} == {str(other.pk)}
    assert not LegacyContact.objects.filter(pk=quarantined.pk).exists()
    assert LegacyContact.objects.filter(pk=other.pk).exists()
    assert bytes(UnreadableRecord.objects.get(pk=unreadable.pk).raw) == b""
    assert ForgottenRow.objects.count() == 1


@pytest.mark.django_db
def test_certificate_counts_the_legacy_records_that_a_later_export_brings_back() -> None:
    patient = PatientFactory(first_name="Anna", last_name="Berg", email="anna@berg.example")
    address = {"firstname": "Anna", "lastname": "Berg", "email": "anna@berg.example"}
    LegacyContactFactory(**address)
    LegacyContactFactory(**address, contactid="no id")
    LegacyPatientFactory(**address, patientid="")
    UnreadableRecordFactory(raw=b"1,Ann\xe9,anna@berg.example\n")

    done = erase(patient.pk)

    assert not LegacyContact.objects.exists()
    [line] = [one for one in done.certificate["beyond"] if "without a readable id" in one]
    assert line.endswith("Erased here: 3.")


@pytest.mark.django_db
def test_examples_in_plans_of_imports_are_forgotten() -> None:
    patient = PatientFactory()
    theirs = str(CrosswalkFactory(target_id=patient.pk).legacy_id)
    other = str(CrosswalkFactory().legacy_id)
    plan = ImportPlanFactory(
        findings={
            "examples": {"Contact": {"create": [theirs, other]}},
            "decisions": [{"kind": "problem", "examples": [theirs]}],
        }
    )

    done = erase(patient.pk)

    plan.refresh_from_db()
    assert plan.findings == {
        "examples": {"Contact": {"create": [other]}},
        "decisions": [{"kind": "problem", "examples": []}],
    }
    assert done.state == State.VERIFIED


@pytest.mark.django_db
def test_erasure_while_an_import_runs_is_refused() -> None:
    from crm_import.locks import LOCK

    wanted = ask(PatientFactory().pk)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(Refused) as refused:
            erasure.execute(request_id=wanted.pk, by=UserFactory())
    finally:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        other.close()

    assert refused.value.code == "busy"
    wanted.refresh_from_db()
    assert wanted.state == State.APPROVED


@pytest.mark.django_db
def test_link_of_another_legacy_row_may_stay_and_is_counted() -> None:
    patient = PatientFactory()
    crosswalk = CrosswalkFactory(target_id=patient.pk)
    LegacyPatientFactory(contact_record=str(crosswalk.legacy_id))

    done = erase(patient.pk)

    assert done.certificate["searched"]["kept"]["crm_import_legacypatient.contact_record"] == 1
    assert LegacyPatient.objects.exists()


# --- at the same time


@pytest.mark.django_db(transaction=True)
def test_bookings_made_during_an_erasure_are_erased_or_refused() -> None:
    patient, navigator = PatientFactory(email="ada@canary.example"), UserFactory()
    wanted, by = ask(patient.pk), UserFactory()
    actions = [
        lambda: erasure.execute(request_id=wanted.pk, by=by),
        *[lambda: BookingFactory(patient=patient, navigator=navigator)] * 5,
    ]

    results = race(len(actions), lambda number: actions[number]())

    assert isinstance(results[0], ErasureRequest), results[0]
    assert not Booking.objects.exists()
    assert leftovers("ada@canary") == {}


@pytest.mark.django_db(transaction=True)
def test_two_executions_at_once_erase_once() -> None:
    wanted = ask(PatientFactory().pk)
    by = UserFactory()

    results = race(2, lambda _number: erasure.execute(request_id=wanted.pk, by=by))

    done = [result for result in results if isinstance(result, ErasureRequest)]
    assert done
    assert ErasedPatient.objects.count() == 1
    assert all(isinstance(result, ErasureRequest | Refused) for result in results)


# --- the declarations


def test_table_or_relation_that_nobody_declared_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = dict(holdings._holdings)
    del declared["patients.Note"]
    monkeypatch.setattr(holdings, "_holdings", declared)

    assert holdings.undeclared([Booking]) == []
    from patients.models import Note

    assert holdings.undeclared([Note]) == ["patients.Note", "patients.Note.patient"]
    assert [error.id for error in holdings.check()] == ["patients.E003"] * 2


@pytest.mark.django_db
def test_reason_beside_history_goes_with_the_history() -> None:
    patient, by = PatientFactory(), UserFactory()
    with acting(by=by, reason="Called Canaryreason himself"):
        NoteFactory(patient=patient)

    erase(patient.pk)

    assert leftovers("canaryreason") == {}


@pytest.mark.django_db
def test_message_about_the_person_in_a_session_goes(client: Any) -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace")
    client.force_login(UserFactory())
    session = client.session
    session["_messages"] = "Ada Lovelace was changed."
    session["stays"] = "something else"
    session.save()

    done = erase(patient.pk)

    assert done.certificate["deleted"]["mentions"]["sessions.Session"] == 1
    assert "_messages" not in client.session
    assert client.session["stays"] == "something else"


@pytest.mark.django_db
def test_scan_reads_each_table_in_one_statement(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(len(traces.tables()) + 3):
        traces.scan({("email", "nobody@nowhere.example")})
