"""Ids, phones, passwords, choices and the classification of personal data."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models

from portal.core.choices import country_choices, language_choices, validate_time_zone
from portal.core.ids import uuid7
from portal.core.passwords import Argon2id
from portal.core.phones import for_people, to_e164
from portal.core.privacy import classification


def test_uuid7_ids_are_version_7_and_sort_by_time() -> None:
    ids = [uuid7() for _ in range(5000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, ids[0].variant)}
    made = datetime.fromtimestamp((ids[0].int >> 80) / 1000, tz=UTC)
    assert abs((datetime.now(tz=UTC) - made).total_seconds()) < 60


@pytest.mark.django_db
def test_uuid7_of_the_database_is_version_7_and_of_now() -> None:
    from uuid import UUID

    from portal.core.migrations import _functions

    spelled = _functions.UUID7_SPELLED_OUT.replace("portal_uuid7", "pg_temp.spelled")
    with connection.cursor() as cursor:
        cursor.execute(spelled)
        cursor.execute("SELECT portal_uuid7(), pg_temp.spelled()")
        made: list[UUID] = list(cursor.fetchone())

    for id_ in made:
        assert id_.version == 7
        assert abs(datetime.now(tz=UTC).timestamp() * 1000 - (id_.int >> 80)) < 60_000


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("+31 6 12345678", "", "+31612345678"),
        ("06-12 34 56 78", "NL", "+31612345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("+683 4002", "", "+6834002"),
        ("  ", "", ""),
    ],
)
def test_phone_is_stored_as_e164(typed: str, country: str, stored: str) -> None:
    assert to_e164(typed, country=country) == stored


@pytest.mark.parametrize(
    ("typed", "country"),
    [("06 12345678", ""), ("12", "NL"), ("06-123", "NL"), ("+3106123", ""), ("abc", "NL")],
)
def test_phone_that_cannot_be_one_is_refused(typed: str, country: str) -> None:
    with pytest.raises(ValidationError) as refused:
        to_e164(typed, country=country)

    assert refused.value.code == "invalid_phone"


def test_phone_is_shown_as_people_write_it() -> None:
    assert for_people("+31612345678") == "+31 6 12345678"
    assert for_people("ext. 12") == "ext. 12"


def test_password_hash_is_argon2id_with_19_mib() -> None:
    encoded = Argon2id().encode("a long enough password", Argon2id().salt())

    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_choices_know_the_world() -> None:
    assert dict(country_choices())["NL"] == "Netherlands"
    assert dict(language_choices())["nl"] == "Dutch"
    validate_time_zone("Asia/Kathmandu")
    with pytest.raises(ValidationError):
        validate_time_zone("Mars/Olympus")


def test_field_classified_twice_is_an_error() -> None:
    class Confused(models.Model):
        name = models.CharField(max_length=10)

        class Meta:
            app_label = "core"
            abstract = True

        class Privacy:
            none = ("name",)
            identifying = ("name",)

    with pytest.raises(LookupError, match="name is classified twice"):
        classification(Confused)
