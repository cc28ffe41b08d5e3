"""Step 1: one form, one lead, whatever happens between the browser and us."""

import logging
import re
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from patients.models import (
    Consent,
    ConsentText,
    MedicalCondition,
    Patient,
    PossibleDuplicate,
    Submission,
)
from patients.tests.factories import PatientFactory
from portal.public import sending, views
from portal.public.drafts import COOKIE, Draft
from portal.public.tests.filling_in import answers, draft_begun
from portal.throttle import FORMS, TRIES

START = "/start/"
NEXT = "/start/next/"

pytestmark = pytest.mark.django_db


def mistakes(response: Any) -> set[str]:
    return set(response.context["form"].errors)


def test_form_is_shown_with_a_draft_and_no_cache_keeps_it(client: Client) -> None:
    response = client.get(START)

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response.context["draft"].token == client.cookies[COOKIE].value
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/start/"
    assert "unsafe" not in response["Content-Security-Policy"].split("script-src")[1].split(";")[0]


def test_sent_form_becomes_one_lead_with_every_word(client: Client) -> None:
    draft = draft_begun()

    response = client.post(START, answers(draft))

    assert response.status_code == 303
    assert response["Location"] == NEXT
    submission = Submission.objects.get()
    duchenne = MedicalCondition.objects.named("Duchenne").get()
    assert submission.source == "landing_page"
    assert submission.idempotency_key == draft.key
    assert submission.payload == {
        "on_behalf_of": "self",
        "filled_in_by": "",
        "first_name": "Ada",
        "last_name": "Łukasiewicz",
        "email": "ada@example.org",
        "phone": "06 12345678",
        "country": "NL",
        "language": "nl",
        "time_zone": "Europe/Amsterdam",
        "condition_text": "Duchenne",
        "condition_id": str(duchenne.pk),
        "hope": "A trial near home.",
        "voicemail": "no_name",
        "consents": [
            {
                "purpose": "navigation",
                "decision": "given",
                "text_version": "2026-11-21",
                "language": "en",
            },
            {
                "purpose": "contact",
                "decision": "given",
                "text_version": "2026-11-21",
                "language": "en",
            },
        ],
    }
    patient = submission.patient
    assert patient.is_lead
    assert patient.phone == "+31612345678"
    assert patient.medical_condition == duchenne


def test_consents_lead_to_the_exact_text_that_was_on_the_page(client: Client) -> None:
    client.post(START, answers(page_language="nl", contact="refused"))

    decided = {consent.purpose: consent for consent in Consent.objects.all()}
    assert decided["navigation"].decision == "given"
    assert decided["contact"].decision == "refused"
    text = ConsentText.objects.agreed_to(decided["contact"])
    assert text is not None
    assert text.title == "Bellen en schrijven"


def test_form_filled_in_for_a_child_names_both(client: Client) -> None:
    client.post(START, answers(on_behalf_of="parent", filled_in_by="Ingrid de Vries"))

    patient = Patient.objects.get()
    assert patient.full_name == "Ada Łukasiewicz"
    assert patient.on_behalf_of_name == "Ingrid de Vries"
    assert patient.on_behalf_of_relation == "parent"


def test_unknown_condition_is_kept_as_it_was_written(client: Client) -> None:
    client.post(START, answers(condition_text="something with the lungs"))

    assert Submission.objects.get().payload["condition_text"] == "something with the lungs"
    assert Patient.objects.get().medical_condition is None


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"on_behalf_of": None}, {"on_behalf_of"}),
        ({"on_behalf_of": "parent"}, {"filled_in_by"}),
        ({"last_name": ""}, {"last_name"}),
        ({"country": ""}, {"country", "phone"}),
        ({"country": "XX"}, {"country", "phone"}),
        ({"condition_text": " "}, {"condition_text"}),
        ({"phone": "", "email": ""}, {"phone"}),
        ({"phone": "12"}, {"phone"}),
        ({"phone": "+31 6", "country": ""}, {"country", "phone"}),
        ({"email": "ada@"}, {"email"}),
        ({"language": "tlh"}, {"language"}),
        ({"voicemail": ""}, {"voicemail"}),
        ({"navigation": None}, {"navigation"}),
        ({"contact": None}, {"contact"}),
        ({"navigation_text": "019a0000-0000-7000-8000-000000000000"}, {"navigation_text"}),
        ({"contact_text": "no id"}, {"contact_text"}),
        ({"first_name": "A\x00da"}, {"first_name"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_mistake_is_explained_and_nothing_typed_is_lost(
    client: Client, changes: dict[str, Any], wrong: set[str]
) -> None:
    response = client.post(START, answers(hope="Ñandú & <hope>", **changes))

    assert response.status_code == 422
    assert mistakes(response) == wrong
    assert "Ñandú &amp; &lt;hope&gt;" in response.content.decode()
    assert 'role="alert"' in response.content.decode()
    assert not Patient.objects.exists()


@pytest.mark.parametrize("phone", ["06 12345678", "0031 6 12345678"])
def test_local_number_without_a_country_is_kept_and_told_what_to_do(
    client: Client, phone: str
) -> None:
    response = client.post(START, answers(phone=phone, country=""))

    [said] = response.context["form"].errors["phone"]
    assert "Choose the country, or begin the number with +" in said
    assert f'value="{phone}"' in response.content.decode()


def test_number_with_a_country_code_needs_no_country(client: Client) -> None:
    response = client.post(START, answers(phone="+31 6 12345678", country=""))

    assert mistakes(response) == {"country"}


def test_text_of_another_purpose_is_no_consent(client: Client) -> None:
    given = answers()

    response = client.post(START, {**given, "navigation_text": given["contact_text"]})

    assert mistakes(response) == {"navigation_text"}
    assert not Consent.objects.exists()


@pytest.mark.parametrize("missing", ["phone", "email"])
def test_one_way_to_be_reached_is_enough(client: Client, missing: str) -> None:
    response = client.post(START, answers(**{missing: ""}))

    assert response.status_code == 303


def test_zone_nobody_knows_is_no_reason_to_send_anybody_away(client: Client) -> None:
    response = client.post(START, answers(time_zone="Mars/Olympus"))

    assert response.status_code == 303
    assert Submission.objects.get().payload["time_zone"] == ""


# --- the same form again -------------------------------------------------------------------------


def test_form_sent_again_shows_the_same_confirmation(client: Client) -> None:
    given = answers()

    first = client.post(START, given)
    shown = client.get(NEXT).content
    second = client.post(START, given)

    assert (second.status_code, second["Location"]) == (first.status_code, first["Location"])
    assert Submission.objects.count() == 1
    assert Patient.objects.count() == 1
    assert b"We have your request" in shown


def test_going_back_and_reloading_leads_to_the_confirmation(client: Client) -> None:
    client.post(START, answers())

    for _time in range(2):
        response = client.get(START)
        assert response.status_code == 303
        assert response["Location"] == NEXT


def test_second_tab_has_the_same_draft(client: Client) -> None:
    first = client.get(START).context["draft"]
    second = client.get(START).context["draft"]

    assert second.key == first.key


def test_correction_in_a_second_tab_is_kept_on_the_same_person(client: Client) -> None:
    draft = draft_begun()
    client.post(START, answers(draft))

    corrected = answers(draft, last_name="Lukas", email="other@example.org", phone="0687654321")
    response = client.post(START, corrected)
    client.post(START, corrected)

    assert response["Location"] == NEXT
    assert Patient.objects.count() == 1
    assert Patient.objects.get().last_name == "Łukasiewicz"
    first, second = Submission.objects.order_by("received_at")
    assert second.payload["email"] == "other@example.org"
    assert second.match_evidence["corrects"] == str(first.pk)
    assert "other@example.org" in client.get(NEXT).content.decode()


def test_answer_is_the_same_whether_or_not_the_address_is_known(client: Client) -> None:
    PatientFactory(first_name="Ada", last_name="Łukasiewicz", email="ada@example.org")
    known, unknown = Client(), Client()

    seen = []
    for browser, email in ((known, "ada@example.org"), (unknown, "eva@example.org")):
        draft = draft_begun()
        sent = browser.post(START, answers(draft, email=email))
        shown = browser.get(NEXT)
        cookies = {name: morsel["max-age"] for name, morsel in browser.cookies.items()}
        page = shown.content.decode()
        for secret in (draft.token, email, browser.cookies["csrftoken"].value):
            page = page.replace(secret, "…")
        page = re.sub(r"(?s)<time.*?</time>", "…", page)
        start = page.index('name="csrfmiddlewaretoken"')
        page = page[:start] + page[page.index(">", start) :]
        seen.append((sent.status_code, sent["Location"], shown.status_code, cookies, page))

    assert seen[0][:-1] == seen[1][:-1]
    assert seen[0][-1].splitlines() == seen[1][-1].splitlines()
    assert Patient.objects.count() == 2


def test_another_form_has_a_draft_of_its_own(client: Client) -> None:
    client.post(START, answers())

    response = client.post(reverse("public:another"))

    assert response["Location"] == START
    assert client.get(START).status_code == 200


def test_draft_of_the_form_counts_and_not_the_newer_one_of_the_browser(client: Client) -> None:
    draft = draft_begun()
    client.post(START, answers(draft))
    client.post(reverse("public:another"))

    client.post(START, answers(draft))

    assert Submission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_double_click_is_one_lead() -> None:
    given = answers()
    ready = threading.Barrier(8)
    locations: list[str] = []

    def click() -> None:
        ready.wait()
        response = Client().post(START, given)
        locations.append(response.get("Location", str(response.status_code)))
        connection.close()

    clicks = [threading.Thread(target=click) for _number in range(8)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert locations == [NEXT] * 8
    assert Submission.objects.count() == 1
    assert Patient.objects.count() == 1


def forty_at_once(given: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """What forty browsers are answered, each at an address of its own, by forty threads."""
    ready = threading.Barrier(40)
    answers: list[tuple[int, str]] = []

    def send(number: int) -> None:
        ready.wait()
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        response = browser.post(START, given[number])
        answers.append((response.status_code, response.get("Location", "")))
        connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_forty_posts_of_one_draft_at_once_are_one_submission() -> None:
    answered = forty_at_once([answers()] * 40)

    assert answered == [(303, NEXT)] * 40
    assert (Patient.objects.count(), Submission.objects.count()) == (1, 1)
    assert Consent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_forty_posts_of_forty_drafts_at_once_are_one_patient() -> None:
    answered = forty_at_once([answers() for _number in range(40)])

    assert answered == [(303, NEXT)] * 40
    assert (Patient.objects.count(), Submission.objects.count()) == (1, 40)
    assert not PossibleDuplicate.objects.exists()


# --- programs ------------------------------------------------------------------------------------


def test_field_that_nobody_sees_keeps_programs_out_and_tells_people(client: Client) -> None:
    draft = draft_begun()

    response = client.post(START, answers(draft, comments_url="https://spam.example"))
    assert response.status_code == 422
    assert "Please look once more" in response.content.decode()
    assert "spam.example" not in response.content.decode()
    assert not Patient.objects.exists()

    # A person whose browser filled it in only has to send the form again.
    assert client.post(START, answers(draft)).status_code == 303


def test_form_sent_at_once_has_to_be_sent_again(client: Client) -> None:
    draft = Draft.new()

    response = client.post(START, answers(draft))

    assert response.status_code == 422
    assert "Please look once more" in response.content.decode()
    assert response.context["draft"].key == draft.key
    assert not Patient.objects.exists()


@pytest.mark.parametrize("token", ["", "made.up.token"])
def test_form_without_a_draft_of_ours_comes_back_filled_in(client: Client, token: str) -> None:
    response = client.post(START, answers(draft=None) | {"draft": token})

    assert response.status_code == 403
    assert 'value="Łukasiewicz"' in response.content.decode()
    assert not Patient.objects.exists()


def test_form_without_the_forgery_token_comes_back_filled_in_and_can_be_sent() -> None:
    strict = Client(enforce_csrf_checks=True)
    draft = draft_begun()

    response = strict.post(START, answers(draft))

    assert response.status_code == 403
    page = response.content.decode()
    assert "Please send the form once more" in page
    assert 'value="ada@example.org"' in page
    assert not Patient.objects.exists()

    token = strict.cookies["csrftoken"].value
    again = strict.post(START, answers(draft) | {"csrfmiddlewaretoken": token})
    assert again.status_code == 303


def test_too_many_forms_from_one_address_come_back_filled_in(client: Client) -> None:
    for number in range(FORMS.times):
        response = client.post(START, answers(email=f"ada{number}@example.org"))
        assert response.status_code == 303

    draft = draft_begun()
    refused = client.post(START, answers(draft))

    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= FORMS.per.total_seconds()
    assert 'value="Łukasiewicz"' in refused.content.decode()
    elsewhere = client.post(START, answers(draft), REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 303


def test_mistakes_count_too(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "TRIES", replace(TRIES, times=3))
    given = answers(last_name="")
    for _time in range(3):
        assert client.post(START, given).status_code == 422

    assert client.post(START, given).status_code == 429


# --- what may go wrong on our side ---------------------------------------------------------------


def test_what_intake_refuses_is_shown_beside_its_field(client: Client, monkeypatch: Any) -> None:
    from django.core.exceptions import ValidationError

    def refuse(**_arguments: Any) -> None:
        raise ValidationError({"email": ["Not this one."], "condition_id": ["Gone."]})

    monkeypatch.setattr(sending.intake, "receive", refuse)

    response = client.post(START, answers())

    assert response.status_code == 422
    assert response.context["form"].errors["email"] == ["Not this one."]
    assert response.context["form"].non_field_errors() == ["Gone."]


def test_busy_moment_keeps_the_form(client: Client, monkeypatch: Any) -> None:
    from portal.core.errors import Refused

    def refuse(**_arguments: Any) -> None:
        raise Refused("Too many people write this record at once.", code="busy")

    monkeypatch.setattr(sending.intake, "receive", refuse)

    response = client.post(START, answers())

    assert response.status_code == 503
    assert 'value="Łukasiewicz"' in response.content.decode()


def test_nothing_personal_reaches_a_log_or_an_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    client.post(START, answers(email="ada@"))
    sent = client.post(START, answers())
    client.get(NEXT)

    logged = caplog.text
    for secret in ("Łukasiewicz", "ada@", "12345678", "Duchenne", "near home"):
        assert secret not in logged
        assert secret not in sent["Location"]


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(START).status_code == 405


def test_number_of_queries_of_the_form_does_not_grow(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(3):
        client.get(START)
