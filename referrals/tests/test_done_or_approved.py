"""What nobody decides on is done, not approved: the list and what happened say so too."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.core.models import User
from referrals.models import DossierChange, DossierStep
from referrals.tests.factories import (
    DossierChangeFactory,
    DossierStepFactory,
    EAPDossierFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def shown(desk: Client, change: DossierChange) -> str:
    """The page of a change, without its history, which tells the values as they are kept."""
    page = desk.get(reverse("admin:referrals_dossierchange_change", args=[change.pk]))
    return page.content.decode().partition("portal-changes")[0]


def test_filter_finds_both_and_says_so(desk: Client) -> None:
    done = DossierStepFactory(status="approved", goes_to="", title="Weigh them")
    DossierStepFactory(dossier=done.dossier, status="approved", goes_to="sponsor", title="Ask them")
    DossierStepFactory(dossier=done.dossier, title="Call them")

    url = reverse("admin:referrals_dossierstep_changelist")
    listed = desk.get(url, {"status": "approved"})

    content = listed.content.decode()
    assert "Approved or done" in content
    titles = listed.context["cl"].queryset.values_list("title", flat=True)
    assert sorted(titles) == ["Ask them", "Weigh them"]


@pytest.mark.parametrize(
    ("goes_to", "said"), [("", "Done"), ("authority", "Approved")], ids=["done", "sent"]
)
def test_change_of_a_step_says_what_its_page_says(goes_to: str, said: str, desk: Client) -> None:
    step: DossierStep = DossierStepFactory(goes_to=goes_to, status="approved")
    change = DossierChangeFactory(
        dossier=step.dossier, step=step, from_status="in_preparation", to_status="approved"
    )

    content = shown(desk, change)

    other = {"Done": "Approved", "Approved": "Done"}[said]
    assert said in content
    assert other not in content
    assert "In preparation" in content


def test_change_of_a_dossier_says_its_state(desk: Client) -> None:
    change = DossierChangeFactory(
        dossier=EAPDossierFactory(), step=None, action="close", from_status="", to_status="closed"
    )

    assert "Closed" in shown(desk, change)
