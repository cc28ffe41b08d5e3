"""In which order a criterion, its trial and the patients are locked: the same on every way."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import criteria
from referrals.models import Criterion
from referrals.tests.factories import CriterionFactory, CTReferralFactory

pytestmark = pytest.mark.django_db

TRIAL, CRITERION = "referrals_clinicaltrial", "referrals_criterion"
PATIENT = "patients_patient"


def locked(asked: CaptureQueriesContext) -> list[str]:
    """The tables whose rows were locked, in this order."""
    found = (re.search(r'FROM "(\w+)".* FOR (?:NO KEY )?UPDATE', each["sql"]) for each in asked)
    return [one[1] for one in found if one]


def through_verb(row: Criterion, client: Client, writer: Any) -> None:
    url = reverse("admin:referrals_criterion_down", args=[row.pk])
    client.post(url, {"version": row.version})


def through_form(row: Criterion, client: Client, writer: Any) -> None:
    url = reverse("admin:referrals_criterion_change", args=[row.pk])
    client.post(url, {"text": "Else?", "version": row.version})


def through_rest(row: Criterion, client: Client, writer: Any) -> None:
    writer.patch(f"eligibility-criteria/{row.pk}/", {"text": "Else?"})


def through_rest_deleting(row: Criterion, client: Client, writer: Any) -> None:
    writer.delete(f"eligibility-criteria/{row.pk}/")


WAYS = (through_verb, through_form, through_rest, through_rest_deleting)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_trial_is_locked_before_the_criterion(
    way: Callable[..., None], client: Client, writer: Any, member: Callable[..., User]
) -> None:
    client.force_login(member("data steward"))
    row = CriterionFactory(position=0)
    CriterionFactory(trial=row.trial, position=1)

    with CaptureQueriesContext(connection) as asked:
        way(row, client, writer)

    order = locked(asked)
    assert CRITERION in order
    assert order.index(TRIAL) < order.index(CRITERION)


def test_a_criterion_is_deleted_after_the_patients_are_locked() -> None:
    row = CriterionFactory()
    CTReferralFactory(trial=row.trial)

    with CaptureQueriesContext(connection) as asked:
        criteria.remove(row, by=UserFactory())

    assert locked(asked) == [TRIAL, PATIENT, PATIENT]
    sent = [each["sql"] for each in asked]
    people, _again = [
        n for n, sql in enumerate(sent) if "FOR NO KEY UPDATE" in sql and PATIENT in sql
    ]
    [gone] = [n for n, sql in enumerate(sent) if f'DELETE FROM "{CRITERION}"' in sql]
    assert people < gone
