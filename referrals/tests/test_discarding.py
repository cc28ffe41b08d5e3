"""What of a dossier may be thrown away on its pages, and what its route keeps."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.tests.factories import PatientFactory
from portal.core.models import User
from referrals.models import DossierStepDependency, EAPDossier
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
    EAPDossierFactory,
    RouteStepFactory,
)
from referrals.tests.parts import CLOSED

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def dossier(**fields: Any) -> EAPDossier:
    made: EAPDossier = EAPDossierFactory(patient=PatientFactory(converted=True), **fields)
    return made


def url(record: Any, name: str) -> str:
    return reverse(f"admin:referrals_{record._meta.model_name}_{name}", args=[record.pk])


@pytest.mark.parametrize(
    ("of_step", "of_dossier", "is_gone"),
    [
        ({}, {}, True),
        ({"status": "in_preparation"}, {}, False),
        ({"route_step": "ask"}, {}, False),
        ({}, CLOSED, False),
    ],
    ids=["by hand", "begun", "of the route", "dossier closed"],
)
def test_only_a_step_by_hand_in_an_open_dossier_is_deleted(
    of_step: dict[str, Any], of_dossier: dict[str, Any], is_gone: bool, desk: Client
) -> None:
    if "route_step" in of_step:
        of_step = {"route_step": RouteStepFactory()}
    made = dossier(**of_dossier)
    step = DossierStepFactory(dossier=made, **of_step)

    answer = desk.post(url(step, "delete"), {"post": "yes"})

    assert answer.status_code == (302 if is_gone else 403)
    assert made.steps.exists() is not is_gone


@pytest.mark.parametrize(
    ("routed", "of_dossier", "is_gone"),
    [
        ((False, False), {}, True),
        ((True, False), {}, True),
        ((True, True), {}, False),
        ((False, False), CLOSED, False),
    ],
    ids=["by hand", "before one by hand", "of the route", "dossier closed"],
)
def test_what_waits_for_what_in_the_route_is_read_only(
    routed: tuple[bool, bool], of_dossier: dict[str, Any], is_gone: bool, desk: Client
) -> None:
    made = dossier(**of_dossier)
    step, needed = (
        DossierStepFactory(dossier=made, route_step=RouteStepFactory() if each else None)
        for each in routed
    )
    link = DossierStepDependencyFactory(step=step, needed=needed)
    other = DossierStepFactory(dossier=made)

    assert url(link, "change") in desk.get(step.get_absolute_url()).content.decode()
    said = {"step": step.pk, "needed": other.pk, "version": link.version}
    changed = desk.post(url(link, "change"), said)
    deleted = desk.post(url(link, "delete"), {"post": "yes"})

    assert (changed.status_code, deleted.status_code) == ((302, 302) if is_gone else (403, 403))
    assert DossierStepDependency.objects.exists() is not is_gone


def test_nothing_more_waits_in_a_closed_dossier(desk: Client) -> None:
    made = dossier(**CLOSED)
    step, needed = DossierStepFactory.create_batch(2, dossier=made)

    address = reverse("admin:referrals_dossierstepdependency_add")
    answer = desk.post(address, {"step": step.pk, "needed": needed.pk})

    assert "The dossier is closed." in answer.content.decode()
    assert not DossierStepDependency.objects.exists()
