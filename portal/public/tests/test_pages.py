"""What comes after the form, and the pages beside it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from patients.models import ConsentText, Submission
from patients.tests.factories import ConsentTextFactory, SubmissionFactory
from portal.core.history import unsealed
from portal.core.models import User
from portal.public import views
from portal.public.confirmation import SHOWN_IN_FULL, masked_email, masked_phone
from portal.public.drafts import COOKIE, LASTS, Draft
from portal.public.languages import OFFERED
from portal.public.tests.filling_in import answers, draft_begun, sent_before
from portal.throttle import LINKS

START = "/start/"
NEXT = "/start/next/"

pytestmark = pytest.mark.django_db


def opened(client: Client, draft: Draft) -> str:
    client.cookies[COOKIE] = draft.token
    response = client.get(NEXT)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return unescape(response.content.decode())


# --- step 2 --------------------------------------------------------------------------------------


def test_confirmation_says_who_calls_and_what_was_sent(client: Client) -> None:
    draft = draft_begun()
    sent_before(draft)

    page = opened(client, draft)

    for said in ("+31 6 12345678", "Nederlands", "Ada Lovelace", "Duchenne", "A trial near home."):
        assert said in page


def test_confirmation_opened_later_shows_neither_name_nor_illness(client: Client) -> None:
    draft = draft_begun()
    sent_before(draft, ago=SHOWN_IN_FULL, on_behalf_of="parent", filled_in_by="Ingrid")

    page = opened(client, draft)

    for secret in ("Lovelace", "Ingrid", "Duchenne", "near home", "12345678", "ada@example.org"):
        assert secret not in page
    assert "•••• 78" in page
    assert "a•••@example.org" in page


def test_whoever_refused_contact_is_not_promised_a_call(client: Client) -> None:
    draft = draft_begun()
    sent_before(draft, consents=[{"purpose": "contact", "decision": "refused"}])

    page = opened(client, draft)

    assert "nobody will" in page
    for promise in ("We call you", "A call", "in the call", "nobody answers", "navigator will"):
        assert promise not in page


def test_whoever_left_no_phone_is_written_to(client: Client) -> None:
    draft = draft_begun()
    sent_before(draft, phone="")

    page = opened(client, draft)
    assert "will write to you at" in page
    assert "We call you" not in page


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"time_zone": "America/New_York"}, "07:30 (time in New York)"),
        ({"time_zone": "", "country": "NL"}, "13:30 (time in Amsterdam)"),
        ({"time_zone": "Mars/Olympus", "country": "US"}, "12:30 (UTC)"),
        ({"time_zone": "", "country": ""}, "12:30 (UTC)"),
    ],
    ids=["of the browser", "of the country", "of many", "of nowhere"],
)
def test_time_of_arrival_names_its_zone(client: Client, said: dict[str, str], shown: str) -> None:
    draft = draft_begun()
    arrived = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    sent_before(draft, ago=timezone.now() - arrived, **said)

    assert shown in opened(client, draft)


def test_confirmation_shows_an_old_form_with_fields_missing(client: Client) -> None:
    draft = draft_begun()
    SubmissionFactory(payload={"phone": "nonsense"}, idempotency_key=draft.key)

    assert "We have your request" in opened(client, draft)


@pytest.mark.parametrize("token", ["", "made.up.token"], ids=["none", "made up"])
def test_step_2_without_a_sent_form_leads_to_the_form(client: Client, token: str) -> None:
    client.cookies[COOKIE] = token

    response = client.get(NEXT)

    assert response.status_code == 303
    assert response["Location"] == START


def test_masks() -> None:
    assert masked_email("") == ""
    assert masked_email("ada@example.org") == "a•••@example.org"
    assert masked_phone("") == ""
    assert masked_phone("+31 6 12345678") == "•••• 78"


# --- the link ------------------------------------------------------------------------------------


def test_link_leads_back_on_another_device_and_no_second_lead_comes_of_it(client: Client) -> None:
    client.post(START, answers())
    link = client.get(NEXT).context["link"]
    other = Client()

    response = other.get(link)

    assert response.status_code == 303
    assert response["Location"] == NEXT
    assert "We have your request" in other.get(NEXT).content.decode()
    assert other.get(START)["Location"] == NEXT
    assert Submission.objects.count() == 1


def test_link_is_over_after_thirty_days(client: Client, monkeypatch: Any) -> None:
    draft = draft_begun(seconds_ago=LASTS.total_seconds() + 5)
    sent_before(draft)

    response = client.get(f"/start/resume/{draft.token}/")

    assert response.status_code == 410
    assert "no longer works" in response.content.decode()


def test_link_of_an_erased_form_is_over(client: Client) -> None:
    draft = draft_begun()
    submission = sent_before(draft)
    with unsealed("test"):
        submission.delete()

    assert client.get(f"/start/resume/{draft.token}/").status_code == 410


def test_link_is_not_written_to_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    draft = draft_begun()

    assert client.get(f"/start/resume/{draft.token}/").status_code == 410

    assert draft.key not in caplog.text


def test_links_cannot_be_tried_out(client: Client) -> None:
    for _time in range(LINKS.times):
        assert client.get("/start/resume/guess/").status_code == 410

    response = client.get("/start/resume/guess/", headers={"Accept-Language": "nl"})

    assert response.status_code == 429
    assert "Te veel bezoeken" in response.content.decode()
    assert int(response["Retry-After"]) > 0


def test_key_signed_for_something_else_is_no_draft() -> None:
    assert Draft.read(TimestampSigner(sep=".").sign("key")) is None


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"Accept-Language": "nl-BE,nl;q=0.9"}, "", "nl"),
        ({"Accept-Language": "nl-BE"}, "?lang=es", "es"),
        ({"Accept-Language": "de"}, "?lang=de", "en"),
    ],
    ids=["nothing known", "browser", "link", "not offered"],
)
def test_language_of_a_page(
    client: Client, headers: dict[str, str], query: str, language: str
) -> None:
    response = client.get(START + query, headers=headers)

    assert response["Content-Language"] == language
    assert f'<html lang="{language}">' in response.content.decode()
    assert "Accept-Language" in response["Vary"]


def test_chosen_language_lasts(client: Client) -> None:
    client.get(START + "?lang=es")

    assert client.get("/start/privacy/")["Content-Language"] == "es"


def test_country_is_chosen_for_nobody(client: Client) -> None:
    page = client.get(START, headers={"Accept-Language": "nl-BE,nl"}).content.decode()

    assert re.search(r'<option value="" selected>Kies een land</option>', page)


@pytest.mark.parametrize(
    ("chosen", "proposed", "spoken"),
    [("nl", "nl", "es"), ("fr", "nl", "fr"), ("nl", "", "nl"), (None, None, "es")],
    ids=["left as it was", "another one", "chosen on a page of before", "not sent"],
)
def test_language_of_the_call_follows_the_page_until_one_is_chosen(
    client: Client, chosen: str | None, proposed: str | None, spoken: str
) -> None:
    first = client.get(START, headers={"Accept-Language": "nl-BE,nl"}).context["form"].initial
    typed = answers(language=chosen, proposed_language=proposed)

    shown = client.post(START, typed | {"switch_to": "es"}).context["form"].initial

    assert (first["language"], first["proposed_language"]) == ("nl", "nl")
    assert shown["language"] == spoken
    assert shown["proposed_language"] == ("es" if spoken == "es" else "")


def test_changing_the_language_keeps_what_was_typed_and_points_at_no_mistakes(
    client: Client,
) -> None:
    draft = draft_begun()
    typed = answers(draft, last_name="", hope="Eén twee", country="BE", voicemail="full")

    response = client.post(START, typed | {"switch_to": "nl"})

    page = response.content.decode()
    assert response.status_code == 200
    assert response["Content-Language"] == "nl"
    assert "Eén twee" in page
    assert '<option value="BE" selected>België</option>' in page
    assert re.search(r'value="full"[^>]*checked', page)
    assert re.search(r'name="navigation"[^>]*checked', page)
    assert 'class="error"' not in page
    assert response.context["draft"].key == draft.key
    # The text now agreed to is the one that is now shown.
    assert response.context["texts"]["contact"].language == "nl"
    assert str(response.context["texts"]["contact"].pk) in page


def test_member_of_staff_sees_the_language_of_the_page(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    assert client.get(START + "?lang=es")["Content-Language"] == "es"


def sentences(page: str) -> set[str]:
    """The visible texts of a page that are long enough to be a sentence of ours."""
    body = re.sub(r"(?s)<(script|style|select|svg)\b.*?</\1>", " ", page[page.index("<body") :])
    texts = (" ".join(unescape(text).split()) for text in re.split(r"<[^>]+>", body))
    attributes = re.findall(r'(?:aria-label|data-[a-z]+|title)="([^"]+ [^"]+)"', page)
    return {text for text in (*texts, *attributes) if len(text.split()) > 2}


@pytest.mark.parametrize("language", [code for code in OFFERED if code != "en"])
@pytest.mark.parametrize("path", [START, NEXT, "/start/privacy/", "/start/nowhere/"])
def test_no_english_sentence_is_left_on_a_translated_page(
    client: Client, language: str, path: str
) -> None:
    if path == NEXT:
        draft = draft_begun()
        sent_before(draft, ago=SHOWN_IN_FULL)
        client.cookies[COOKIE] = draft.token

    english = sentences(client.get(path + "?lang=en").content.decode())
    translated = sentences(client.get(path + f"?lang={language}").content.decode())

    assert len(english) >= 3
    assert english & translated - {"Go to the content"} == set()


@pytest.mark.parametrize("language", [code for code in OFFERED if code != "en"])
def test_mistakes_are_explained_in_the_language_of_the_page(client: Client, language: str) -> None:
    draft = draft_begun()
    empty = {"draft": draft.token}
    half = answers(draft, phone="12", email="ada@", on_behalf_of="parent", contact_text="x")

    said = {}
    for code in ("en", language):
        responses = [client.post(START + f"?lang={code}", given) for given in (empty, half)]
        said[code] = {
            str(error)
            for response in responses
            for errors in response.context["form"].errors.values()
            for error in errors
        }

    assert len(said["en"]) >= 11
    assert said["en"] & said[language] == set()


# --- privacy and problems ------------------------------------------------------------------------


@pytest.mark.parametrize("language", OFFERED)
def test_privacy_page_shows_every_text_with_its_fingerprint(client: Client, language: str) -> None:
    page = client.get(f"/start/privacy/?lang={language}").content.decode()

    texts = ConsentText.objects.filter(language=language)
    assert texts.count() == 10  # seven purposes, three of them with an earlier text
    for text in texts:
        assert text.sha256 in page


def test_privacy_page_keeps_earlier_texts_and_hides_coming_ones(client: Client) -> None:
    now = timezone.now()
    ConsentTextFactory(
        title="Current one", purpose="contact", valid_from=now - timedelta(minutes=1)
    )
    ConsentTextFactory(title="Coming one", purpose="contact", valid_from=now + timedelta(days=1))

    response = client.get("/start/privacy/")

    assert "Current one" in [text.title for text in response.context["asked_now"]]
    assert "Being called and written to" in [text.title for text in response.context["earlier"]]
    assert "Coming one" not in response.content.decode()


def test_who_we_are_is_told(client: Client, settings: Any) -> None:
    settings.ORGANISATION_NAME = "Kompas"
    settings.ORGANISATION_EMAIL = "privacy@kompas.example"
    settings.ORGANISATION_PHONE = "+31201234567"

    page = client.get("/start/privacy/").content.decode()

    assert "Kompas decides what happens" in page
    assert 'href="mailto:privacy@kompas.example"' in page
    assert 'href="tel:+31201234567"' in page


def test_unknown_page_is_a_public_one_only_below_start(client: Client) -> None:
    public = client.get("/start/nowhere/", headers={"Accept-Language": "es"})
    elsewhere = client.get("/nowhere/")

    assert public.status_code == elsewhere.status_code == 404
    assert "Esta página no existe" in public.content.decode()
    assert "Ir al formulario" not in elsewhere.content.decode()


def test_our_own_failure_is_explained_without_the_database(
    client: Client, monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(views.Draft, "of", fail)
    client.raise_request_exception = False

    with django_assert_num_queries(0):
        response = client.get(START, headers={"Accept-Language": "nl"})

    assert response.status_code == 500
    assert "Er ging bij ons iets mis" in response.content.decode()
    assert list(get_messages(response.wsgi_request)) == []


def test_forged_post_is_explained_on_public_pages_and_nowhere_else() -> None:
    strict = Client(enforce_csrf_checks=True)
    public = strict.post("/start/another/")
    elsewhere = strict.post("/admin/login/")

    assert public.status_code == elsewhere.status_code == 403
    assert "Please go back and try once more" in public.content.decode()
    assert "Please go back" not in elsewhere.content.decode()
