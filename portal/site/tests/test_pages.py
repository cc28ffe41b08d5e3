"""Every page of the workplace, for every role: opened, or refused as the table of roles says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db import connection
from django.forms import Form
from django.forms.models import ModelChoiceField
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.core.admin import Verb
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.roles import TABLE, Role, allows
from portal.site.tests.examples import EXAMPLES

# Made on the options page of a patient, and never from an empty form.
MADE_ELSEWHERE = {"referrals.optionsreport"}
STAFF = (Role.NAVIGATOR, Role.TEAM_LEAD, Role.DATA_STEWARD, Role.AUDITOR)


def page_url(label: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def test_every_model_of_the_role_table_has_a_page() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert set(TABLE) <= registered


def test_every_registered_model_is_in_the_role_table() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert registered <= set(TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("role", STAFF, ids=str)
@pytest.mark.parametrize("label", EXAMPLES)
def test_pages_open_as_the_role_table_says(
    label: str, role: Role, client: Client, member: Callable[..., User]
) -> None:
    record = EXAMPLES[label]()
    client.force_login(member(role))
    may_view = allows(label, role, "view")

    page = client.get(page_url(label, "change", record.pk))
    answers = {
        "list": client.get(page_url(label, "changelist")).status_code,
        "page": page.status_code,
        "history": client.get(page_url(label, "history", record.pk)).status_code,
        "add": client.get(page_url(label, "add")).status_code,
        "delete": client.get(page_url(label, "delete", record.pk)).status_code,
    }

    assert answers == {
        "list": 200 if may_view else 403,
        "page": 200 if may_view else 403,
        "history": 200 if may_view else 403,
        "add": 200 if allows(label, role, "add") and label not in MADE_ELSEWHERE else 403,
        "delete": 200 if allows(label, role, "delete") else 403,
    }
    if not allows(label, role, "change"):
        assert b'name="_save"' not in page.content
        assert b'name="_continue"' not in page.content


VERBS = [
    (model._meta.label_lower, verb)
    for model, page in admin.site._registry.items()
    for verb in page.verbs  # type: ignore[attr-defined]
]


@pytest.mark.django_db
@pytest.mark.parametrize("role", STAFF, ids=str)
@pytest.mark.parametrize(
    ("label", "verb"), VERBS, ids=[f"{label}-{verb.name}" for label, verb in VERBS]
)
def test_pages_of_verbs_open_for_who_may_do_them(
    label: str, verb: Verb, role: Role, client: Client, member: Callable[..., User]
) -> None:
    record = EXAMPLES[label]()
    row = type(record)._base_manager.filter(pk=record.pk).values()
    before = row.get()
    client.force_login(member(role))
    url = page_url(label, verb.name, record.pk)
    allowed = allows(label, role, "view") and all(
        allows(f"{app}.{model}", role, action)
        for app, codename in (permission.split(".") for permission in verb.permissions)
        for action, model in [codename.split("_")]
    )

    codes = {client.get(url).status_code, client.post(url).status_code}

    assert (codes == {403}) is not allowed
    assert codes <= {200, 302, 403, 409}
    if not allowed:
        assert row.get() == before


@pytest.mark.django_db
def test_every_registered_list_opens_and_can_be_searched(admin_client: Client) -> None:
    for model, page in admin.site._registry.items():
        url = page_url(model._meta.label_lower, "changelist")
        assert admin_client.get(url).status_code == 200, url
        if page.search_fields:
            assert admin_client.get(url, {"q": "anna"}).status_code == 200, url


def forms_of(page: Any, request: Any) -> Iterator[tuple[str, type[Form]]]:
    """The forms in which something can be chosen; pages that only show have none."""
    if page.has_add_permission(request):
        yield str(page), page.get_form(request)
    for inline in page.get_inline_instances(request):
        yield str(inline), inline.get_formset(request).form


@pytest.mark.django_db
def test_no_relation_is_offered_as_a_full_list(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = UserFactory(is_superuser=True)
    full_lists = []

    for page in admin.site._registry.values():
        for where, form in forms_of(page, request):
            for name, field in form.base_fields.items():
                widget = getattr(field.widget, "widget", field.widget)
                if isinstance(field, ModelChoiceField) and not isinstance(
                    widget, AutocompleteSelect | AutocompleteSelectMultiple
                ):
                    full_lists.append(f"{where}.{name}")

    assert full_lists == []


@pytest.mark.django_db
def test_every_autocomplete_answers(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    for page in admin.site._registry.values():
        for name in page.autocomplete_fields:
            meta = page.model._meta
            if not allows(meta.label_lower, Role.NAVIGATOR, "view"):
                continue
            response = client.get(
                reverse("admin:autocomplete"),
                {
                    "app_label": meta.app_label,
                    "model_name": meta.model_name,
                    "field_name": name,
                    "term": "a",
                },
            )
            assert response.status_code == 200, (meta.label, name)


# Rows of these cannot be made twenty times without more ado, or the list is short by nature.
FEW = {"auth.group", "oauth2_provider.application", "core.accessevent"}


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(set(EXAMPLES) - FEW))
def test_list_needs_as_many_queries_for_many_rows_as_for_few(
    label: str, admin_client: Client
) -> None:
    url = page_url(label, "changelist")
    for _number in range(2):
        EXAMPLES[label]()
    admin_client.get(url)  # fills the caches of content types and the like
    with CaptureQueriesContext(
        connection,
    ) as few:
        admin_client.get(url)
    for _number in range(18):
        EXAMPLES[label]()

    with CaptureQueriesContext(connection) as many:
        response = admin_client.get(url)

    assert response.status_code == 200
    assert len(many) == len(few)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "label", [label for label in EXAMPLES if allows(label, Role.NAVIGATOR, "view")]
)
def test_page_about_a_patient_is_written_to_the_access_log(
    label: str, client: Client, navigator: User
) -> None:
    record = EXAMPLES[label]()
    model = apps.get_model(label)
    about_a_patient = bool(admin.site._registry[model].opens)  # type: ignore[attr-defined]
    client.force_login(navigator)

    client.get(page_url(label, "changelist"))
    assert not AccessEvent.objects.exists()
    client.get(page_url(label, "change", record.pk))

    events = list(AccessEvent.objects.all())
    assert bool(events) is about_a_patient
    for event in events:
        assert event.actor_id == navigator.pk
        assert event.record_type == "patients.Patient"
        assert event.route == "admin"
        assert event.request_id is not None


def test_models_that_point_at_a_patient_are_in_the_access_log() -> None:
    patient = apps.get_model("patients.patient")
    silent = [
        model._meta.label
        for model, page in admin.site._registry.items()
        if model._meta.app_label in {"patients", "bookings", "referrals"}
        and any(field.related_model is patient for field in model._meta.fields)
        and not page.opens  # type: ignore[attr-defined]
    ]

    assert silent == []


@pytest.mark.django_db
def test_nothing_is_deleted_in_bulk(admin_client: Client) -> None:
    EXAMPLES["patients.hospital"]()

    content = admin_client.get(page_url("patients.hospital", "changelist")).content.decode()

    assert "delete_selected" not in content
