"""Consent on the phone: the text to read out, what they said, and what a withdrawal stopped."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.tests.factories import BookingFactory
from patients.admin import consents
from patients.models import Consent, ConsentText, Patient
from patients.tests.factories import ConsentFactory, ConsentTextFactory, PatientFactory
from portal.core.ids import uuid7
from portal.core.models import User

pytestmark = pytest.mark.django_db


def page_url(patient: Patient, name: str = "consent") -> str:
    return reverse(f"admin:patients_patient_{name}", args=[patient.pk])


def text_of(purpose: str, language: str = "nl") -> ConsentText:
    text: ConsentText = ConsentText.objects.current(
        purpose=purpose, language=language, now=timezone.now()
    )
    return text


def said(purpose: str = "trial_site", **fields: Any) -> dict[str, Any]:
    """What the page of a purpose sends when the text was read out and they agreed."""
    return {
        "text": text_of(purpose).pk,
        "consent_id": uuid7(),
        "decision": "given",
        "read_out": "on",
        **fields,
    }


def test_list_of_purposes_says_how_each_stands(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    for decision in ("given", "withdrawn"):
        ConsentFactory(patient=patient, purpose="contact", decision=decision)
    ConsentFactory(patient=patient, purpose="trial_site", scope="NCT01")
    ConsentFactory(patient=patient, purpose="physician", method="phone", obtained_by=navigator)
    client.force_login(navigator)

    content = client.get(page_url(patient)).content.decode()

    for purpose in Consent.Purpose:
        assert f'href="../consent-{purpose}/"' in content
        assert client.get(page_url(patient, f"consent-{purpose}")).status_code == 200
    assert content.count("Not asked yet") == 5
    assert "Withdrawn" in content
    assert "read out on the phone · Aisha Okafor" in content
    assert client.post(page_url(patient)).status_code == 409


def test_list_of_purposes_needs_as_many_queries_for_many_decisions(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    client.force_login(navigator)
    client.get(page_url(patient))
    with CaptureQueriesContext(connection) as none:
        client.get(page_url(patient))
    for purpose in Consent.Purpose:
        ConsentFactory(patient=patient, purpose=purpose, obtained_by=navigator)

    with CaptureQueriesContext(connection) as all_of_them:
        client.get(page_url(patient))

    assert len(all_of_them) == len(none)


@pytest.mark.parametrize(("spoken", "read"), [("es", "es"), ("de", "en"), ("", "en")])
def test_text_is_in_the_language_of_the_patient_or_else_in_english(
    spoken: str, read: str, client: Client, navigator: User
) -> None:
    patient = PatientFactory(language=spoken)
    client.force_login(navigator)

    content = client.get(page_url(patient, "consent-trial_site")).content.decode()

    text = text_of("trial_site", read)
    assert f'<blockquote class="portal-read-out" lang="{read}">' in content
    assert text.title in content
    assert f"Version {text.text_version}" in content


@pytest.mark.parametrize(("language", "says_so"), [("sv", True), ("nl", False), ("", False)])
def test_text_in_another_language_than_theirs_says_so(
    language: str, says_so: bool, client: Client, navigator: User
) -> None:
    client.force_login(navigator)

    page = client.get(page_url(PatientFactory(language=language), "consent-contact"))

    note = "This text is in English: there is none in Swedish."
    assert (note in page.content.decode()) is says_so


def test_consent_is_recorded_with_the_words_that_were_read(client: Client, navigator: User) -> None:
    patient = PatientFactory(language="nl")
    client.force_login(navigator)

    response = client.post(
        page_url(patient, "consent-trial_site"), said(evidence="Call of 10:30"), follow=True
    )

    assert "Sharing with a trial site: given." in response.content.decode()
    consent = patient.consents.get()
    assert (consent.purpose, consent.decision, consent.scope) == ("trial_site", "given", "")
    assert (consent.method, consent.obtained_by) == ("phone", navigator)
    assert (consent.text_version, consent.language) == (text_of("trial_site").text_version, "nl")
    assert consent.evidence == "Call of 10:30"


@pytest.mark.parametrize("decided", ["given", "refused", "withdrawn"])
def test_second_click_records_nothing_twice(decided: str, client: Client, navigator: User) -> None:
    patient = PatientFactory(language="nl")
    if decided == "withdrawn":
        before = timezone.now() - timedelta(days=1)
        ConsentFactory(patient=patient, purpose="trial_site", decided_at=before)
    client.force_login(navigator)
    sent = said(decision=decided)

    for _click in range(2):
        response = client.post(page_url(patient, "consent-trial_site"), sent, follow=True)
        assert f"Sharing with a trial site: {decided}." in response.content.decode()

    assert patient.consents.filter(decision=decided).count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"read_out": ""}, "Read the text out first, then tick this."),
        ({"decision": ""}, "Choose what they said."),
        ({"decision": "withdrawn"}, "Select a valid choice"),
        ({"text": uuid7()}, "The text has changed. Read out the one above."),
        ({"text": "nonsense"}, "The text has changed. Read out the one above."),
        ({"consent_id": ""}, "This field is required."),
    ],
    ids=["not read", "no decision", "nothing to withdraw", "old text", "no text", "no id"],
)
def test_half_a_consent_is_not_recorded(
    changes: dict[str, Any], error: str, client: Client, navigator: User
) -> None:
    patient = PatientFactory(language="nl")
    client.force_login(navigator)

    response = client.post(page_url(patient, "consent-trial_site"), said(**changes))

    assert error in response.content.decode()
    assert not Consent.objects.exists()


@pytest.mark.parametrize("decided", ["given", "withdrawn"])
def test_second_click_is_quiet_when_the_text_has_changed_since_the_first(
    decided: str, client: Client, navigator: User
) -> None:
    patient = PatientFactory(language="nl")
    if decided == "withdrawn":
        ConsentFactory(patient=patient, purpose="trial_site")
    client.force_login(navigator)
    form = said(decision=decided)
    client.post(page_url(patient, "consent-trial_site"), form)
    recorded = patient.consents.count()
    ConsentTextFactory(
        purpose="trial_site", language="nl", valid_from=timezone.now() - timedelta(seconds=1)
    )

    response = client.post(page_url(patient, "consent-trial_site"), form, follow=True)

    assert f"Sharing with a trial site: {decided}." in response.content.decode()
    assert patient.consents.count() == recorded


def test_text_that_changed_meanwhile_is_to_be_read_out(client: Client, navigator: User) -> None:
    patient = PatientFactory(language="nl")
    sent = said()
    newer = ConsentTextFactory(
        purpose="trial_site", language="nl", body="Andere woorden.", valid_from=timezone.now()
    )
    client.force_login(navigator)

    response = client.post(page_url(patient, "consent-trial_site"), sent)

    content = response.content.decode()
    assert "Andere woorden." in content
    assert f'name="text" value="{newer.pk}"' in content
    assert not response.context["form"]["read_out"].value()


def test_withdrawing_says_what_it_stops_and_what_it_stopped(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory(language="nl")
    ConsentFactory(patient=patient, purpose="contact")
    soon: datetime = timezone.now() + timedelta(days=1)
    BookingFactory(patient=patient, starts_at=soon, ends_at=soon + timedelta(hours=1))
    client.force_login(navigator)

    page = client.get(page_url(patient, "consent-contact")).content.decode()
    response = client.post(
        page_url(patient, "consent-contact"),
        said("contact", decision="withdrawn", read_out=""),
        follow=True,
    )

    assert "Withdrawing stops at once: 1 booking." in page
    assert "Being called and written to: withdrawn. Stopped: 1 booking." in (
        response.content.decode()
    )
    assert patient.bookings.get().status == "cancelled"


def test_page_before_withdrawing_says_that_nothing_is_stopped(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    ConsentFactory(patient=patient, purpose="navigation")
    client.force_login(navigator)

    content = client.get(page_url(patient, "consent-navigation")).content.decode()

    assert "Withdrawing stops nothing" in content
    assert "close the record as well" in content


def test_restricted_person_may_withdraw_what_was_given_for_one_trial(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory(language="nl", processing_restricted=True)
    ConsentFactory(patient=patient, purpose="trial_site", scope="NCT01")
    client.force_login(navigator)

    client.post(page_url(patient, "consent-trial_site"), said(decision="withdrawn"))

    assert patient.consents.filter(decision="withdrawn", scope="").count() == 1


def test_purpose_without_a_text_cannot_be_recorded(
    client: Client, navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = PatientFactory(language="nl")
    sent = said()
    monkeypatch.setattr(consents, "text_to_read", lambda *_about: None)
    client.force_login(navigator)

    page = client.get(page_url(patient, "consent-trial_site")).content.decode()
    client.post(page_url(patient, "consent-trial_site"), sent)

    assert "There is no text for this purpose yet." in page
    assert "<textarea" not in page
    assert not Consent.objects.exists()


def test_consent_added_by_hand_stops_the_same(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    soon = timezone.now() + timedelta(days=1)
    BookingFactory(patient=patient, starts_at=soon, ends_at=soon + timedelta(hours=1))
    client.force_login(navigator)

    response = client.post(
        reverse("admin:patients_consent_add"),
        {
            "patient": patient.pk,
            "purpose": "contact",
            "decision": "withdrawn",
            "decided_at_0": timezone.localdate().isoformat(),
            "decided_at_1": "00:00",
            "text_version": "2026-01",
            "language": "nl",
            "method": "paper",
        },
        follow=True,
    )

    assert "Stopped: 1 booking." in response.content.decode()
    assert patient.bookings.get().status == "cancelled"
