"""The migration in the workplace: the reconciliation, the quarantine with its raw rows, links."""

from collections.abc import Callable
from typing import Any

import factory
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm_import.importing import Result
from crm_import.models import Crosswalk, ImportRun, Problem, RowOutcome, UnreadableRecord
from crm_import.tests import exports, factories
from patients.models import Patient
from patients.tests.factories import SubmissionFactory
from portal.core.models import AccessEvent, User

Bring = Callable[..., Result]

FACTORIES: dict[str, Any] = {
    found._meta.model._meta.model_name: found
    for found in vars(factories).values()
    if isinstance(found, type)
    and issubclass(found, factory.django.DjangoModelFactory)
    and found._meta.model is not None
}
READERS = ("team lead", "data steward", "auditor")


def url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:crm_import_{model}_{page}", args=args)


@pytest.fixture
def steward(member: Callable[..., User], client: Client) -> Client:
    client.force_login(member("data steward"))
    return client


def test_every_table_of_the_migration_has_a_page() -> None:
    registered = {
        model._meta.model_name
        for model in admin.site._registry
        if model._meta.app_label == "crm_import"
    }

    assert registered == set(FACTORIES)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*READERS, "navigator"], ids=str)
@pytest.mark.parametrize("model", FACTORIES)
def test_pages_can_be_read_and_nothing_else(
    model: str, role: str, client: Client, member: Callable[..., User]
) -> None:
    record = FACTORIES[model]()
    client.force_login(member(role))
    seen = 200 if role in READERS else 403

    answers = {
        "list": client.get(url(model, "changelist")).status_code,
        "page": client.get(url(model, "change", record.pk)).status_code,
        "history": client.get(url(model, "history", record.pk)).status_code,
        "save": client.post(url(model, "change", record.pk), {"reason": "x"}).status_code,
        "add": client.get(url(model, "add")).status_code,
        "delete": client.post(url(model, "delete", record.pk), {"post": "yes"}).status_code,
    }

    assert answers == {
        "list": seen,
        "page": seen,
        "history": seen,
        "save": 403,
        "add": 403,
        "delete": 403,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("model", FACTORIES)
def test_list_needs_as_many_queries_for_many_rows_as_for_few(
    model: str, admin_client: Client
) -> None:
    file = factories.SourceFileFactory()
    common = {"file": file} if "file" in FACTORIES[model]._meta.base_declarations else {}
    make = FACTORIES[model]
    for _number in range(2):
        make(**common)
    admin_client.get(url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        admin_client.get(url(model, "changelist"))
    for _number in range(15):
        make(**common)

    with CaptureQueriesContext(connection) as many:
        assert admin_client.get(url(model, "changelist")).status_code == 200

    assert len(many) == len(few)


def test_run_shows_its_reconciliation(bring: Bring, steward: Client) -> None:
    bring(
        contacts=[
            exports.contact(1, "Anna", "Berg"),
            exports.contact(2, "Ben", "Smit", contact_type=""),
        ]
    )
    run = ImportRun.objects.get()

    page = steward.get(url("importrun", "change", run.pk)).content.decode()

    plain = page.replace(' class="portal-number"', "")
    assert "<td>Contact</td><td>2</td><td>1</td>" in plain
    assert "<td>patients</td><td>1</td><td>0</td><td>1</td>" in plain
    assert str(run.pk) in page
    assert f"{url('problem', 'changelist')}?code=routing_missing" in page
    assert "Contact.csv" in page


def test_quarantined_row_shows_what_the_crm_had(bring: Bring, steward: Client) -> None:
    bring(contacts=[exports.contact(2, "Ben", "<Smit>", contact_type="")])
    held = RowOutcome.objects.get()
    listed = steward.get(url("rowoutcome", "changelist"), {"outcome__exact": "quarantined"})

    page = steward.get(url("rowoutcome", "change", held.pk)).content.decode()

    assert "routing_missing" in listed.content.decode()
    assert "Smit" not in listed.content.decode()
    assert "&lt;Smit&gt;" in page
    event = AccessEvent.objects.get()
    assert [str(key) for key in event.record_ids] == [exports.guid(2)]


def test_problem_leads_to_the_record_and_the_patient_is_in_the_access_log(
    bring: Bring, steward: Client
) -> None:
    bring(contacts=[exports.contact(1, "Anna", "Berg", "n/a")])
    anna = Patient.objects.get()

    page = steward.get(url("problem", "change", Problem.objects.get().pk)).content.decode()

    assert reverse("admin:patients_patient_change", args=[anna.pk]) in page
    event = AccessEvent.objects.get()
    assert (event.record_type, event.record_ids) == ("patients.Patient", [anna.pk])


def test_problems_are_narrowed_by_code(bring: Bring, steward: Client) -> None:
    bring(contacts=[exports.contact(1, "Anna", "Berg", "n/a"), exports.contact(2, "", "")])

    page = steward.get(url("problem", "changelist"), {"code": "no_name"}).content.decode()

    assert exports.guid(2) in page
    assert exports.guid(1) not in page


@pytest.mark.parametrize("model", ["rowoutcome", "problem", "crosswalk"])
def test_rows_are_found_by_a_legacy_id(bring: Bring, steward: Client, model: str) -> None:
    bring(
        contacts=[exports.contact(1, "Anna", "Berg", "n/a"), exports.contact(2, "Ben", "Smit", "-")]
    )

    found = steward.get(url(model, "changelist"), {"q": f" {{{exports.guid(2)}}} "})
    nothing = steward.get(url(model, "changelist"), {"q": "Smit"})

    assert exports.guid(2) in found.content.decode()
    assert exports.guid(1) not in found.content.decode()
    assert exports.guid(2) not in nothing.content.decode()


def test_legacy_ids_are_found_by_the_record(bring: Bring, steward: Client) -> None:
    bring(contacts=[exports.contact(1, "Anna", "Berg"), exports.contact(2, "Ben", "Smit")])
    ours = Crosswalk.objects.get(legacy_id=exports.guid(2)).target_id

    page = steward.get(url("crosswalk", "changelist"), {"q": str(ours)}).content.decode()

    assert exports.guid(2) in page
    assert exports.guid(1) not in page


@pytest.mark.django_db
def test_unreadable_bytes_are_shown_escaped(steward: Client) -> None:
    record: UnreadableRecord = factories.UnreadableRecordFactory()

    page = steward.get(url("unreadablerecord", "change", record.pk)).content.decode()

    assert r"caf\xe9" in page
    assert AccessEvent.objects.count() == 1


@pytest.mark.django_db
def test_link_to_a_kind_of_record_that_is_gone_is_plain_text(steward: Client) -> None:
    row: Crosswalk = factories.CrosswalkFactory(target_model="gone.thing")

    page = steward.get(url("crosswalk", "change", row.pk)).content.decode()

    assert f"gone.thing {row.target_id}" in page


@pytest.mark.django_db
def test_form_that_came_from_the_crm_is_shown_in_words(
    client: Client, member: Callable[..., User]
) -> None:
    factories.OptionValueFactory(
        option_set="medical_condition", value="100000001", labels=["Glioblastom", "Glioblastoma"]
    )
    submission = SubmissionFactory(
        source="legacy_crm",
        payload={"statecode": "0", "medical_condition": "100000001", "contact_type": "7", "x": "y"},
    )
    client.force_login(member("navigator"))

    page = client.get(submission.get_absolute_url()).content.decode()

    assert "<dt>State in the CRM</dt><dd>active</dd>" in page
    assert "Glioblastom / Glioblastoma (code 100000001)" in page
    assert "<dt>Kind of contact</dt><dd>7</dd>" in page
    assert "<dt>x</dt><dd>y</dd>" in page
    assert "statecode" not in page
