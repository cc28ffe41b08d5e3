"""What dossiers and their steps allow: the list, REST and the workplace never disagree.

What `GET …/transitions/` lists with nothing missing is done, over REST and by its button; the rest
is refused, with what is missing, and changes nothing.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from patients.models import Patient, RuleOverride
from patients.tests.factories import DocumentFactory, PatientFactory
from portal.core.tests.rest import Rest, staff
from referrals.dossier_lifecycle import ACTIONS, BY_NAME, OVERRIDABLE
from referrals.models import DossierChange, DossierStep, EAPDossier, RouteTemplate, StepDocument
from referrals.tests.dossiers import POSSIBLE, ready, today, words_for
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
    EAPDossierFactory,
    StepDocumentFactory,
)
from referrals.tests.parts import CLOSED, ENDS

pytestmark = pytest.mark.django_db

Fields = dict[str, Any]
LEADS_TO = {"close": "closed", "reopen": "open", "choose-route": "open"}


def kept(dossier: EAPDossier) -> list[list[dict[str, Any]]]:
    """Every value of the dossier, its steps, their documents, and what was done with them."""
    rows = (
        EAPDossier.objects.filter(pk=dossier.pk),
        DossierStep.objects.filter(dossier=dossier),
        StepDocument.objects.filter(step__dossier=dossier),
        DossierChange.objects.filter(dossier=dossier),
        RuleOverride.objects.filter(patient=dossier.patient),
    )
    return [list(each.order_by("pk").values()) for each in rows]


def posted(record: Any, post: Callable[..., Any], address: str, body: Any) -> tuple[int, Any, str]:
    """The code, where the record got to (None: nothing has changed), and the text; undone then."""
    dossier = getattr(record, "dossier", record)
    column = "state" if record is dossier else "status"
    before = kept(dossier)
    with transaction.atomic():
        answer = post(address, body)
        is_changed = kept(dossier) != before
        reached = type(record).objects.values_list(column, flat=True).get(pk=record.pk)
        transaction.set_rollback(True)
    return answer.status_code, reached if is_changed else None, answer.content.decode()


def agree(
    rest: Rest,
    record: Any,
    bodies: Mapping[str, Any],
    *,
    already: Collection[str] = (),
    set_aside: Collection[str] = (),
    is_opened: bool = False,
) -> set[str]:
    """Ask for each of `bodies` on both ways, and return what is listed with nothing missing.

    What is done `already` is no error and changes nothing; `set_aside` are the rules that the
    caller may set aside. With `is_opened`, the pages of the buttons have to say the same.
    """
    path = f"{'dossier-steps' if isinstance(record, DossierStep) else 'eap-dossiers'}/{record.pk}"
    found = rest.get(f"{path}/transitions/").json()
    found = found["transitions"] if isinstance(found, dict) else found
    listed = {each["action"]: each for each in found}
    assert set(listed) <= set(bodies)
    shown = rest.client.get(record.get_absolute_url()).content.decode()
    for name, body in bodies.items():
        address = reverse(f"admin:referrals_{record._meta.model_name}_{name}", args=[record.pk])
        entry = listed.get(name, {"missing": ()})
        missing = {each["code"]: each["message"] for each in entry["missing"]}
        goes_on = name in listed and set(missing) <= set(set_aside)
        then = entry.get("leads_to", LEADS_TO.get(name)) if goes_on else None
        code, reached, answer = posted(record, rest.post, f"{path}/{name}/", body)
        assert (name, code, reached) == (name, 200 if goes_on or name in already else 409, then)
        code, reached, page = posted(record, rest.client.post, address, body)
        assert (name, code, reached) == (name, 302 if goes_on or name not in listed else 409, then)
        # About somebody who is restricted nothing else is told.
        told = {"restricted"} & set(missing) or set(missing)
        assert goes_on or all(f'"{code}"' in answer for code in told), name
        assert goes_on or all(escape(missing[code]) in page for code in told), name
        assert (name, address in shown) == (name, name in listed)
        if is_opened:
            page = rest.client.get(address).content.decode()
            assert (name, '<form method="post" novalidate>' in page) == (name, goes_on)
            assert all(escape(message) in page for message in missing.values()), name
    return {name for name, each in listed.items() if each["is_possible"]}


# What else is possible with a step, and what with a dossier of its fields and its route.
BESIDES = {
    **{status: {"plan", "attach"} for status in ("not_started", "in_preparation", "questions")},
    "submitted": {"plan", "chase"},
}
STATES: dict[str, tuple[Fields, str, set[str]]] = {
    "open": ({}, "", {"close", "choose-route"}),
    "open, with a route": ({}, "us-emergency", {"close"}),
    "closed": (CLOSED, "", {"reopen"}),
}


def step_and_bodies(status: str, **more: Any) -> tuple[DossierStep, dict[str, Any]]:
    """A step, and what is said for all that can be done."""
    step = ready(status, documents=["Form"])
    document = DocumentFactory(patient=step.dossier.patient)
    StepDocumentFactory(step=step, name="Form", document=document)
    bodies = {
        **{name: {"on": today(), **words_for(name), **more} for name in BY_NAME},
        "plan": {"responsible": "pharmacy", "days": 3, "remark": "They do it"},
        "chase": {"next_on": str(timezone.localdate() + timedelta(days=4))},
        "attach": {"name": "Form", "document": str(document.pk)},
    }
    return step, bodies


def let_wait(step: DossierStep) -> None:
    """For another step and for a document: what a team lead may set aside."""
    needed = DossierStepFactory(dossier=step.dossier, status="expired")
    DossierStepDependencyFactory(step=step, needed=needed)
    DossierStep.objects.filter(pk=step.pk).update(documents=["Form", "Letter"])


def fits(status: str) -> set[str]:
    """What the status of a step that is sent allows, whatever is missing."""
    is_waived = status in {"not_started", "in_preparation", "rejected", "expired"}
    besides = BESIDES.get(status, set())
    return POSSIBLE[True][status] | besides | ({"waive"} if is_waived else set())


@pytest.mark.parametrize("status", DossierStep.Status.values)
def test_step_allows_what_is_listed_over_rest_and_on_its_page(status: str) -> None:
    rest, (step, bodies) = staff("navigator"), step_and_bodies(status)
    already = {action.name for action in ACTIONS if action.target == status}

    assert agree(rest, step, bodies, already=already) == fits(status) - {"waive"}
    let_wait(step)
    DossierStep.objects.filter(pk=step.pk).update(milestone="first_dose", valid_until=None)
    lead = {"stage": "lead", "converted_at": None, "physician": None}
    Patient.objects.filter(pk=step.dossier.patient_id).update(**lead)
    agree(rest, step, {name: bodies[name] for name in fits(status)})


@pytest.mark.parametrize("ending", ["closed", "restricted", "dossier_closed"])
def test_end_of_patient_or_dossier_is_told_on_both_ways(ending: str) -> None:
    step, bodies = step_and_bodies("submitted")
    of_patient, of_dossier = ENDS[ending]
    Patient.objects.filter(pk=step.dossier.patient_id).update(**of_patient)
    EAPDossier.objects.filter(pk=step.dossier_id).update(**of_dossier)
    asked = {name: bodies[name] for name in fits("submitted")}
    agree(staff("navigator"), step, asked, is_opened=True)


@pytest.mark.parametrize("goes_to", ["", "sponsor"], ids=["done", "sent"])
def test_team_lead_sets_aside_what_is_listed_on_both_ways(goes_to: str) -> None:
    step, bodies = step_and_bodies("not_started", override="It was promised")
    let_wait(step)
    DossierStep.objects.filter(pk=step.pk).update(goes_to=goes_to)
    asked = {name: bodies[name] for name in {*fits("not_started"), "finish"}}
    agree(staff("team lead"), step, asked, set_aside=OVERRIDABLE, is_opened=True)


@pytest.mark.parametrize("case", STATES)
def test_dossier_allows_what_is_listed_over_rest_and_on_its_page(case: str) -> None:
    fields, code, expected = STATES[case]
    rest, patient = staff("navigator"), PatientFactory(converted=True)
    route = RouteTemplate.objects.filter(code=code).first()
    dossier = EAPDossierFactory(patient=patient, route=route, **fields)
    bodies = {
        "close": {"reason": "rejected"},
        "reopen": {"remark": "Again"},
        "choose-route": {"route": str(RouteTemplate.objects.get(code="generic").pk)},
    }
    already = {"close" if fields else "reopen"}

    assert agree(rest, dossier, bodies, already=already) == expected
    for ending in ("closed", "restricted"):
        with transaction.atomic():
            Patient.objects.filter(pk=patient.pk).update(**ENDS[ending][0])
            agree(
                rest, dossier, bodies, already=already if ending == "closed" else (), is_opened=True
            )
            transaction.set_rollback(True)
    if fields:
        EAPDossierFactory(patient=patient, program=dossier.program)
        assert agree(rest, dossier, bodies, already=already) == set()
