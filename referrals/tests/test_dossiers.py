"""Opening, planning, closing and reopening dossiers."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients import closing
from patients.models import Patient, StageChange
from patients.tests.factories import PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import dossier_closing, dossiers, routing, step_tending
from referrals.models import DossierChange, DossierStep, EAPDossier, RouteTemplate
from referrals.tests.dossiers import ready, take
from referrals.tests.factories import (
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    RouteStepDependencyFactory,
    RouteStepFactory,
    RouteTemplateFactory,
)

pytestmark = pytest.mark.django_db

CODES = ("generic", "us-single-patient", "us-emergency", "nl-doctors-declaration")


@pytest.fixture
def by() -> User:
    return UserFactory()


def opened(by: User, route: RouteTemplate | None = None, **fields: Any) -> EAPDossier:
    fields = {"patient": PatientFactory(converted=True), **fields}
    program = fields.pop("program", None) or ExpandedAccessProgramFactory()
    dossier = EAPDossier(program=program, route=route, **fields)
    return dossiers.open_dossier(dossier=dossier, by=by)


def two_steps() -> RouteTemplate:
    """A route of two steps, the second of which waits for the first."""
    route: RouteTemplate = RouteTemplateFactory()
    first = RouteStepFactory(template=route, key="a", title="Ask", days=10, position=1)
    second = RouteStepFactory(template=route, key="b", title="Give", days=1, position=2)
    RouteStepDependencyFactory(step=second, needed=first)
    return route


# --- routes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_each_step_of_the_routes_names_its_source(code: str, by: User) -> None:
    route = RouteTemplate.objects.get(code=code, revision=1)
    steps = list(route.steps.prefetch_related("needs"))

    assert all(step.source for step in steps)
    assert {step.milestone for step in steps if step.milestone} == {
        "enrolment",
        "informed_consent",
        "first_dose",
    }
    dose = next(step for step in steps if step.milestone == "first_dose")
    assert dose.needs.filter(needed__milestone="informed_consent").exists()
    dossier = opened(by, route)
    assert dossier.steps.count() == len(steps)


def test_days_stand_only_where_a_source_names_them() -> None:
    named = {
        (step.template.code, step.key): step.days if step.within_days is None else step.within_days
        for step in RouteTemplate.objects.get(code="us-emergency").steps.all()
        if step.within_days or step.days
    }
    assert named == {
        ("us-emergency", "sponsor-agrees"): 1,
        ("us-emergency", "irb-notification"): 5,
        ("us-emergency", "form-fda-3926"): 15,
    }


def test_opening_copies_the_steps_and_what_they_wait_for(by: User) -> None:
    dossier = opened(by, two_steps())

    first, second = dossier.steps.order_by("position")
    today = timezone.localdate()
    assert (first.title, first.status, first.due_on) == (
        "Ask",
        "not_started",
        today + timedelta(days=10),
    )
    assert (second.due_on, [need.needed for need in second.needs.all()]) == (None, [first])


def test_later_revision_of_a_route_leaves_dossiers_as_they_began(by: User) -> None:
    route = two_steps()
    dossier = opened(by, route)

    newer = RouteTemplateFactory(code=route.code, revision=2)
    RouteStepFactory(template=newer, key="a", title="Ask otherwise", days=99)
    planned = route.steps.get(key="a")
    planned.title, planned.days = "Ask in vain", 98
    planned.save()

    step = dossier.steps.get(position=1)
    assert (dossier.route, step.title, step.days) == (route, "Ask", 10)
    assert dossier.steps.count() == 2


def test_next_revision_has_the_same_steps_and_is_not_chosen_yet(by: User) -> None:
    route = RouteTemplate.objects.get(code="us-emergency")

    routing.revise(route_id=route.pk, by=by)
    revision = routing.revise(route_id=route.pk, by=by)

    assert (revision.code, revision.revision, revision.is_active) == ("us-emergency", 3, False)

    def told(template: RouteTemplate) -> list[Any]:
        return [
            (step.key, step.source, step.within_days, [n.needed.key for n in step.needs.all()])
            for step in template.steps.order_by("position").prefetch_related("needs__needed")
        ]

    assert told(revision) == told(route)


def test_steward_makes_the_next_revision(client: Client, member: Callable[..., User]) -> None:
    route = RouteTemplate.objects.get(code="generic")
    address = reverse("admin:referrals_routetemplate_revise", args=[route.pk])
    client.force_login(member("navigator"))
    assert client.get(address).status_code == 403

    client.force_login(member("data steward"))
    client.post(address, {"version": route.version})

    assert RouteTemplate.objects.filter(code="generic", revision=2, is_active=False).exists()


def test_route_that_is_retired_is_not_followed(by: User) -> None:
    route = two_steps()
    route.is_active = False
    route.save()

    with pytest.raises(Refused) as refused:
        opened(by, route)
    assert refused.value.code == "route_retired"
    assert not EAPDossier.objects.exists()


def test_dossier_of_the_legacy_crm_is_given_a_route_once(by: User) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))
    DossierStepFactory(dossier=dossier, title="Asked by phone", position=1)
    route = two_steps()

    dossiers.choose_route(dossier_id=dossier.pk, route_id=route.pk, by=by)
    again = dossiers.choose_route(dossier_id=dossier.pk, route_id=route.pk, by=by)

    steps = again.steps.order_by("position").values_list("title", "position")
    assert list(steps) == [("Asked by phone", 1), ("Ask", 2), ("Give", 3)]
    assert [change.action for change in dossier.changes.all()] == ["choose-route"]
    with pytest.raises(Refused) as refused:
        dossiers.choose_route(dossier_id=dossier.pk, route_id=two_steps().pk, by=by)
    assert refused.value.code == "has_route"


def test_unknown_route_is_refused(by: User) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))

    with pytest.raises(ValidationError, match="no such route"):
        dossiers.choose_route(dossier_id=dossier.pk, route_id=dossier.pk, by=by)


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "not_converted"),
        ({"converted": True, "processing_restricted": True}, "restricted"),
        ({"converted": True, "deceased_on": date(2026, 5, 5)}, "deceased"),
        ({"stage": "closed", "closed_reason": "withdrawn"}, "closed"),
    ],
)
def test_dossier_is_opened_for_a_patient_only(fields: dict[str, Any], code: str, by: User) -> None:
    with pytest.raises(Refused) as refused:
        opened(by, patient=PatientFactory(**fields))
    assert refused.value.code == code


def test_second_open_dossier_in_a_program_is_refused(by: User) -> None:
    first = opened(by)

    with pytest.raises(IntegrityError, match="referrals_eapdossier_one_open"):
        opened(by, patient=first.patient, program=first.program)


# --- steps by hand --------------------------------------------------------------------------------


def test_step_is_added_by_hand_after_another(by: User) -> None:
    dossier = opened(by, two_steps())
    first = dossier.steps.get(position=1)

    step = dossiers.add_step(
        step=DossierStep(dossier=dossier, title="Translate", position=9), needs=[first], by=by
    )

    assert [need.needed for need in step.needs.all()] == [first]
    change = dossier.changes.get()
    assert (change.action, change.remark, change.changed_by) == ("add-step", "Translate", by)


def test_step_of_another_dossier_cannot_be_waited_for(by: User) -> None:
    dossier, other = opened(by), DossierStepFactory()

    with pytest.raises(ValidationError, match="another dossier"):
        dossiers.add_step(
            step=DossierStep(dossier=dossier, title="Translate"), needs=[other], by=by
        )
    assert not dossier.steps.exists()


def test_closed_dossier_takes_no_step(by: User) -> None:
    dossier = opened(by)
    dossier_closing.close(dossier_id=dossier.pk, reason="rejected", by=by)

    with pytest.raises(Refused) as refused:
        dossiers.add_step(step=DossierStep(dossier=dossier, title="Ask"), by=by)
    assert refused.value.code == "dossier_closed"


# --- the end --------------------------------------------------------------------------------------


def test_closing_cancels_what_waits_and_reopening_brings_it_back(by: User) -> None:
    dossier = opened(by)
    statuses = ["not_started", "submitted", "approved", "cancelled"]
    for status in statuses:
        DossierStepFactory(dossier=dossier, status=status, title=status)

    closed = dossier_closing.close(
        dossier_id=dossier.pk, reason="program_closed", by=by, remark="Letter"
    )

    assert (closed.state, closed.closed_reason) == ("closed", "program_closed")
    found = dossier.steps.order_by("id").values_list("status", flat=True)
    assert list(found) == ["cancelled", "cancelled", "approved", "cancelled"]
    change = dossier.changes.get(step=None)
    assert (change.reason, change.remark, change.to_status) == (
        "program_closed",
        "Letter",
        "closed",
    )
    assert dossier.changes.exclude(step=None).count() == 2

    dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark="It goes on")

    assert list(dossier.steps.order_by("id").values_list("status", flat=True)) == statuses
    dossier.refresh_from_db()
    assert (dossier.state, dossier.closed_reason) == ("open", "")


def test_reopened_step_is_held_since_its_last_move(by: User) -> None:
    sent = ready(title="Sent")
    dossier = sent.dossier
    made_at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    untouched = DossierStepFactory(dossier=dossier, title="Untouched", created_at=made_at)
    take("submit", sent, on=date(2026, 5, 4))
    step_tending.plan(step_id=sent.pk, by=by, remark="They said so", days=30)

    for _time in range(2):
        dossier_closing.close(dossier_id=dossier.pk, reason="rejected", by=by)
        dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark="It goes on")

    for step in (sent, untouched):
        step.refresh_from_db()
    assert (sent.status, sent.status_since) == ("submitted", date(2026, 5, 4))
    assert untouched.status_since == date(2026, 4, 1)
    assert take("approve", sent, on=date(2026, 5, 5)).status == "approved"


def test_closing_and_reopening_twice_changes_nothing(by: User) -> None:
    dossier = opened(by)
    for _time in range(2):
        dossier_closing.close(dossier_id=dossier.pk, reason="treated", by=by)
    for _time in range(2):
        dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark="A mistake")

    assert [change.action for change in dossier.changes.all()] == ["reopen", "close"]


@pytest.mark.parametrize(
    ("reason", "remark", "field"),
    [("", "", "reason"), ("duplicate", "", "reason"), ("other", " ", "remark")],
)
def test_closing_needs_a_reason(reason: str, remark: str, field: str, by: User) -> None:
    dossier = opened(by)

    with pytest.raises(ValidationError) as refused:
        dossier_closing.close(dossier_id=dossier.pk, reason=reason, remark=remark, by=by)
    assert set(refused.value.error_dict) == {field}


def test_reopening_needs_a_word_and_room(by: User) -> None:
    dossier = opened(by)
    dossier_closing.close(dossier_id=dossier.pk, reason="treated", by=by)
    with pytest.raises(ValidationError, match="Say why"):
        dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark=" ")

    opened(by, patient=dossier.patient, program=dossier.program)

    with pytest.raises(Refused) as refused:
        dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark="It goes on")
    assert refused.value.code == "another_is_open"


def test_dossier_of_a_closed_patient_is_not_reopened(by: User) -> None:
    dossier = opened(by)
    closing.withdraw(patient_id=dossier.patient_id, by=by, reason=StageChange.Reason.NOT_INTERESTED)

    with pytest.raises(Refused) as refused:
        dossier_closing.reopen(dossier_id=dossier.pk, by=by, remark="It goes on")
    assert refused.value.code == "closed"


def test_closing_the_patient_says_so_in_the_dossier(by: User) -> None:
    dossier = opened(by, two_steps())

    closing.deceased(patient_id=dossier.patient_id, by=by)

    assert dossier.changes.filter(action="close", changed_by=by).count() == 3
    change = dossier.changes.get(step=None)
    assert change.reason == "deceased"
    assert not Patient.objects.get(pk=dossier.patient_id).eap_dossiers.open().exists()


def test_way_of_a_dossier_is_never_rewritten(by: User) -> None:
    dossier = opened(by)
    dossier_closing.close(dossier_id=dossier.pk, reason="treated", by=by)

    with pytest.raises(IntegrityError, match="cannot be changed or deleted"):
        DossierChange.objects.update(remark="Something else")
