"""Nobody can add a table of patients and have merges forget it."""

from collections.abc import Iterator

import pytest
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test.utils import isolate_apps

from patients import relations
from patients.merging import merge
from patients.models import Note, Patient
from patients.tests.factories import NoteFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.tests.factories import UserFactory


@pytest.fixture
def forgotten() -> Iterator[type[models.Model]]:
    """A model with a foreign key to Patient that somebody added and declared nothing for."""
    with isolate_apps("patients"):

        class Forgotten(models.Model):
            patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")

            class Meta:
                app_label = "patients"

        yield Forgotten


def test_every_relation_to_a_patient_has_a_policy() -> None:
    assert relations.undeclared(relations.every_model()) == []
    assert relations.check() == []


def test_added_foreign_key_without_a_policy_is_found(
    forgotten: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = [*relations.every_model(), forgotten]
    monkeypatch.setattr(relations, "every_model", lambda: everything)

    [error] = relations.check()

    assert error.id == "patients.E001"
    assert "patients.Forgotten.patient" in error.msg


def test_link_to_anything_may_be_a_link_to_a_patient() -> None:
    with isolate_apps("patients"):

        class Tag(models.Model):
            kind = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
            key = models.UUIDField()
            about = GenericForeignKey("kind", "key")

            class Meta:
                app_label = "patients"

    assert relations.undeclared([Tag]) == ["patients.Tag.about"]


def test_policy_for_a_relation_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = relations.moves("patients.Note.person")
    monkeypatch.setattr(relations, "_policies", [*relations.policies(), gone])

    [error] = relations.check()

    assert error.id == "patients.E002"
    assert "patients.Note.person" in error.msg


def test_second_policy_for_a_relation_is_refused() -> None:
    with pytest.raises(LookupError, match=r"patients\.Note\.patient"):
        relations.join(relations.moves("patients.Note.patient"))


def test_second_step_of_one_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first = relations.Step("look again", print)
    monkeypatch.setattr(relations, "_steps", [first])

    relations.follow_with(first)
    with pytest.raises(LookupError, match="look again"):
        relations.follow_with(relations.Step("look again", repr))

    assert relations.steps() == (first,)


@pytest.mark.django_db
def test_every_foreign_key_in_the_database_has_a_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname FROM pg_constraint "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) "
            "WHERE contype = 'f' AND confrelid = 'patients_patient'::regclass"
        )
        held = set(cursor.fetchall())

    declared = set()
    for relation in relations.declared():
        model, column = relations.resolved(relation)
        declared.add((model._meta.db_table, model._meta.get_field(column).column))
    assert len(held) >= 15
    assert held <= declared


@pytest.mark.django_db
def test_merge_that_would_leave_a_row_behind_is_refused_by_the_database() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    NoteFactory(patient=loser)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE forgotten (patient_id uuid CONSTRAINT forgotten_patient "
            "REFERENCES patients_patient DEFERRABLE INITIALLY DEFERRED)"
        )
        cursor.execute("INSERT INTO forgotten VALUES (%s)", [loser.pk])

    with pytest.raises(Refused, match="forgotten_patient") as refused:
        merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    assert refused.value.code == "collides"
    assert Patient.objects.filter(pk=loser.pk).exists()
    assert Note.objects.get().patient == loser
