"""The texts people agree to: every version kept, and found again from a decision."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, IntegrityError, connection, transaction

from patients.models import Consent, ConsentText
from patients.models.texts import fingerprint
from patients.tests.factories import ConsentFactory, ConsentTextFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "nl", "es"])
@pytest.mark.parametrize("purpose", Consent.Purpose.values)
def test_every_purpose_has_a_text_in_every_language(purpose: str, language: str) -> None:
    text = ConsentText.objects.current(purpose=purpose, language=language, now=NOW)

    assert (text.purpose, text.language) == (purpose, language)
    assert text.sha256 == fingerprint(title=text.title, body=text.body)


@pytest.mark.parametrize("language", ["en", "nl", "es"])
@pytest.mark.parametrize("purpose", Consent.Purpose.values)
def test_text_can_be_read_out_as_well(purpose: str, language: str) -> None:
    text = ConsentText.objects.current(purpose=purpose, language=language, now=NOW)

    for written in ("this form", "the form", "dit formulier", "het formulier", "este formulario"):
        assert written not in text.body


def test_earlier_words_are_kept_beside_the_new_ones() -> None:
    before = ConsentText.objects.get(purpose="contact", language="en", text_version="2026-11")
    now = ConsentText.objects.current(purpose="contact", language="en", now=NOW)

    assert now.text_version == "2026-11-21"
    assert "in this form" in before.body
    assert "that I have given" in now.body


@pytest.mark.parametrize(
    ("language", "receivers"),
    [
        ("en", ("company", "authorities", "ethics committee", "hospital", "pharmacy")),
        ("nl", ("bedrijf", "overheid", "ethische commissie", "ziekenhuis", "apotheek")),
        ("es", ("empresa", "autoridades", "comité de ética", "hospital", "farmacia")),
    ],
)
def test_text_about_a_program_names_all_who_receive_something(
    language: str, receivers: tuple[str, ...]
) -> None:
    text = ConsentText.objects.current(purpose="eap_sponsor", language=language, now=NOW)

    assert [who for who in receivers if who not in text.body] == []


def test_newest_text_that_is_valid_is_the_current_one() -> None:
    day = timedelta(days=1)
    valid = ConsentTextFactory(purpose="contact", valid_from=NOW - timedelta(hours=1))
    ConsentTextFactory(purpose="contact", valid_from=NOW + day)
    ConsentTextFactory(purpose="contact", valid_from=NOW - 400 * day)

    assert ConsentText.objects.current(purpose="contact", language="en", now=NOW) == valid


def test_language_without_a_text_gets_the_english_one() -> None:
    text = ConsentText.objects.current(purpose="contact", language="de", now=NOW)

    assert text.language == "en"


def test_purpose_without_a_text_is_said_so() -> None:
    before_all = datetime(2020, 1, 1, tzinfo=UTC)

    with pytest.raises(ConsentText.DoesNotExist, match="contact"):
        ConsentText.objects.current(purpose="contact", language="en", now=before_all)


def test_decision_leads_to_the_words_it_was_about() -> None:
    given = ConsentFactory(purpose="contact", text_version="2026-11", language="es")
    on_paper = ConsentFactory(purpose="contact", text_version="paper 2019", language="es")

    found = ConsentText.objects.agreed_to(given)
    assert found is not None
    assert found.title == "Recibir llamadas y mensajes"
    assert ConsentText.objects.agreed_to(on_paper) is None


def test_fingerprint_follows_from_the_words_and_no_other_is_stored() -> None:
    text = ConsentTextFactory.build(sha256="")
    text.clean()
    assert text.sha256 == fingerprint(title=text.title, body=text.body)

    with pytest.raises(IntegrityError, match="patients_consenttext_fingerprint"):
        ConsentTextFactory(body="Some words.", sha256=fingerprint(title="Other", body="words"))


def test_version_exists_once_in_a_language() -> None:
    text = ConsentTextFactory()

    again = ConsentTextFactory.build(text_version=text.text_version)
    with pytest.raises(ValidationError, match="exists already"):
        again.full_clean()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patients_consenttext SET valid_from = now()",
        "DELETE FROM patients_consenttext",
        "TRUNCATE patients_consenttext",
    ],
)
def test_text_is_never_changed(statement: str) -> None:
    with pytest.raises(Error, match="cannot be"), transaction.atomic():
        connection.cursor().execute(statement)
