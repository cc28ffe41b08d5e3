"""Who may read the views in the CRM's shape, that nobody writes to them, and how they are found."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from crm_import.models import Crosswalk
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from crm_import.tests.factories import CrosswalkFactory, ImportRunFactory
from crm_import.tests.test_legacy_views import VIEWS, rows
from patients.models import MedicalCondition, Patient
from patients.tests.factories import PatientFactory

Bring = Callable[..., Any]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {view} ({key}) VALUES (gen_random_uuid())",
        "UPDATE {view} SET {key} = gen_random_uuid()",
        "DELETE FROM {view}",
    ],
)
def test_nothing_can_be_written_through_a_view(db: None, view: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"cannot (insert into|update|delete from) view"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(view=view, key=VIEWS[view]))


def test_role_that_may_read_the_views_sees_nothing_else(bring: Bring) -> None:
    """As docs/operators.md makes it: no right on any table is needed."""
    bring(
        contacts=[contact(1, "Anna", "Berg"), physician(2, "Ben", "Vos", hospital=guid(501))],
        patients=[patient(1, "Anna", "Berg", of=1, physician=guid(2), trial_id="NCT01234567")],
        dossiers=[dossier(1, "EAP-1", 1)],
        hospitals=[{"hospitalid": guid(501), "name": "UZ Leuven"}],
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE test_crm_reader NOLOGIN")
        cursor.execute(f"GRANT SELECT ON {', '.join(VIEWS)} TO test_crm_reader")
        cursor.execute("SET LOCAL ROLE test_crm_reader")

    assert {view: len(rows(view)) for view in VIEWS} | {"legacy_medical_condition": 0} == {
        "legacy_contact": 2,
        "legacy_patient": 1,
        "legacy_eap_dossier": 1,
        "legacy_medical_condition": 0,
        "legacy_hospital": 1,
        "legacy_specialization": 0,
    }
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        MedicalCondition.objects.count()


def test_one_row_by_its_id_is_found_without_reading_the_others(db: None) -> None:
    """There is the index for it, and a question by id gets through the view to it."""
    made = timezone.now()
    about = {"stage": "patient", "converted_at": made, "medical_condition": None}
    people = PatientFactory.build_batch(1000, **about)
    Patient.objects.bulk_create(people)
    run = ImportRunFactory()
    Crosswalk.objects.bulk_create(
        CrosswalkFactory.build(entity=entity, target_id=person.pk, run=run)
        for person in people[:800]
        for entity in ("Contact", "Patient")
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE patients_patient, crm_import_crosswalk")

    legacy = Crosswalk.objects.filter(target_id=people[0].pk).values_list("entity", "legacy_id")
    of = dict(legacy)
    assert read("legacy_contact", of["Contact"]) < 50
    assert read("legacy_patient", of["Patient"]) < 50
    assert read("legacy_contact", people[-1].pk) < 50
    assert read("legacy_patient", people[-1].pk) < 50


def read(view: str, key: UUID) -> float:
    """How many rows of tables the database looks at to give the view's row of that id."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM {view} WHERE {VIEWS[view]} = %s", [key]
        )
        (plan,) = cursor.fetchone()
    whole = plan if isinstance(plan, list) else json.loads(plan)
    assert whole[0]["Plan"]["Actual Rows"] == 1
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in _nodes(whole[0]["Plan"])
        if "Relation Name" in node
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
