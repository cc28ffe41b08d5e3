"""The conventions that would be forgotten without a test."""

import inspect
import pkgutil
import tomllib
from collections.abc import Iterator

import pghistory.models
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

import portal
from bookings.models import CalendarFeed
from patients.models import Contact, Patient, Specialist
from portal.core.models import AccessEvent, Record, User
from portal.core.privacy import RECORD_FIELDS, classification
from referrals.models import OptionsReport

HOUSE = ("core", "patients", "bookings", "referrals", "crm_import", "interop", "portal")
# An app may point at its own tables and at those of the rooms below it.
BELOW = {
    "core": {"core", "auth", "contenttypes"},
    "patients": {"core", "patients"},
    "bookings": {"core", "patients", "bookings"},
    "referrals": {"core", "patients", "referrals"},
    "crm_import": {"core", "patients", "bookings", "referrals", "crm_import"},
    "interop": {"core", "patients", "bookings", "referrals", "interop"},
    "portal": set(HOUSE),
}


def is_event(model: type[models.Model]) -> bool:
    return issubclass(model, pghistory.models.Event)


def house_models() -> Iterator[type[models.Model]]:
    for app in HOUSE:
        for model in apps.get_app_config(app).get_models():
            if not is_event(model) and not model._meta.proxy:
                yield model


MODELS = sorted(house_models(), key=lambda model: model._meta.label)
RECORDS = [model for model in MODELS if issubclass(model, Record)]
# Columns that say where something stands: other constraints rest on their values.
STATES = {"stage", "from_stage", "to_stage", "state", "status", "decision", "outcome"}


def label(model: type[models.Model]) -> str:
    return str(model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_foreign_keys_point_down_the_house(model: type[models.Model]) -> None:
    allowed = BELOW[model._meta.app_label]

    targets = {
        field.name: field.related_model._meta.app_label
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
    }

    assert {name: app for name, app in targets.items() if app not in allowed} == {}


@pytest.mark.parametrize("model", RECORDS, ids=label)
def test_every_record_has_history(model: type[models.Model]) -> None:
    event = apps.get_model(model._meta.app_label, f"{model.__name__}Event")

    assert is_event(event)
    tracked = {field.name for field in event._meta.fields if not field.name.startswith("pgh_")}
    stored = {
        field.name
        for field in model._meta.local_concrete_fields
        if not isinstance(field, models.GeneratedField)
    }
    # Nothing else may be left out without somebody looking at this list.
    left_out = {
        User: {"password", "last_login"},
        CalendarFeed: {"secret_hash", "last_read_at", "content_hash", "content_changed_at"},
        OptionsReport: {"content", "html"},
    }
    assert tracked == stored - left_out.get(model, set())


@pytest.mark.django_db
@pytest.mark.parametrize("model", RECORDS, ids=label)
def test_every_record_has_its_triggers_in_the_database(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [model._meta.db_table],
        )
        triggers = " ".join(row[0] for row in cursor.fetchall())

    for wanted in ("row_version", "insert_insert", "update_update", "delete_delete"):
        assert wanted in triggers


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_field_is_classified_for_personal_data(model: type[models.Model]) -> None:
    classified = set(classification(model))

    fields = {field.name for field in model._meta.local_concrete_fields}

    unclassified = fields - classified - {"id"}
    assert unclassified == set(), "list them in the model's Privacy class"
    assert classified - fields - RECORD_FIELDS == set(), "Privacy names fields that are gone"


@pytest.mark.parametrize("model", RECORDS, ids=label)
def test_database_knows_every_state_and_no_other(model: type[models.Model]) -> None:
    known = {
        constraint.name: constraint.condition
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
    }

    for field in model._meta.local_concrete_fields:
        if field.name in STATES and field.choices:
            name = f"{model._meta.app_label}_{model._meta.model_name}_{field.name}_known"
            blank = [""] if field.blank else []
            values = [*blank, *(value for value, _label in field.choices)]
            assert known[name] == models.Q(**{f"{field.name}__in": tuple(values)})


@pytest.mark.parametrize("model", [Patient, Specialist], ids=label)
def test_people_keep_the_constraints_of_contact(model: type[Contact]) -> None:
    wanted = {
        constraint.name % {"app_label": "patients", "class": model.__name__.lower()}
        for constraint in Contact._meta.constraints
    }

    assert wanted <= {constraint.name for constraint in model._meta.constraints}


@pytest.mark.parametrize("model", RECORDS, ids=label)
def test_relations_are_named_and_staff_never_takes_records_along(
    model: type[models.Model],
) -> None:
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        assert field.remote_field.related_name, f"{field.name} has no related_name"
        if field.related_model._meta.label == "core.User":
            assert field.remote_field.on_delete in (models.PROTECT, models.SET_NULL)


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_text_is_never_null(model: type[models.Model]) -> None:
    nullable = [
        field.name
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField) and field.null
    ]

    assert nullable == []


@pytest.mark.parametrize("model", RECORDS, ids=label)
def test_every_constraint_speaks_to_people_and_is_named_for_its_table(
    model: type[models.Model],
) -> None:
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    for constraint in model._meta.constraints:
        assert constraint.name.startswith(prefix)
        default = type(constraint).default_violation_error_message
        assert str(constraint.violation_error_message) != str(default)


@pytest.mark.parametrize("model", [*RECORDS, AccessEvent], ids=label)
def test_save_is_not_overridden_and_every_model_explains_itself(
    model: type[models.Model],
) -> None:
    assert "save" not in vars(model)
    assert "delete" not in vars(model)
    assert inspect.getdoc(model)


def test_every_room_of_the_shell_is_forbidden_to_the_apps() -> None:
    contracts = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    [shell] = [
        contract
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["type"] == "forbidden"
    ]

    rooms = {f"portal.{module.name}" for module in pkgutil.iter_modules(portal.__path__)}

    assert set(shell["forbidden_modules"]) == rooms - {"portal.core", "portal.migrations"}
