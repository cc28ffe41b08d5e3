"""Suggestions while typing: names, few of them, and never in an address."""

from typing import Any

import pytest
from django.test import Client

from patients.tests.factories import (
    ConditionNameFactory,
    MedicalConditionFactory,
    PatientFactory,
)
from portal.public.suggestions import AT_MOST, suggest
from portal.throttle import SUGGESTIONS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "language", "name", "also"),
    [
        ("duch", "en", "Duchenne Muscular Dystrophy", "DMD"),
        ("duch", "nl", "Duchenne spierdystrofie", "Duchenne Muscular Dystrophy"),
        ("duch", "es", "Distrofia muscular de Duchenne", "Duchenne Muscular Dystrophy"),
        ("fibrosis pulmonar idiopatica", "en", "Fibrosis pulmonar idiopática",
         "Idiopathic Pulmonary Fibrosis"),
        ("LONGFIB idio", "nl", "Idiopathische longfibrose", "Idiopathic Pulmonary Fibrosis"),
        ("gbm", "en", "GBM", "Glioblastoma"),
    ],
)  # fmt: skip
def test_name_in_the_language_that_begins_like_what_was_typed(
    typed: str, language: str, name: str, also: str
) -> None:
    assert suggest(typed, language=language) == [{"name": name, "also": also}]


@pytest.mark.parametrize("typed", ["", " ", "d", "'", "zzz", "\x00", "d'" + "x" * 5000])
def test_nothing_is_suggested_for_nothing(typed: str) -> None:
    assert suggest(typed, language="en") == []


def test_condition_without_further_names_goes_by_its_own() -> None:
    MedicalConditionFactory(name="Zellweger syndrome", abbreviation="ZS")

    assert suggest("zellw", language="nl") == [{"name": "Zellweger syndrome", "also": "ZS"}]


def test_suggestions_and_queries_are_bounded(django_assert_max_num_queries: Any) -> None:
    for number in range(AT_MOST + 4):
        condition = MedicalConditionFactory(name=f"Ataxia type {number}")
        ConditionNameFactory(condition=condition, name=f"Ataxie {number}", language="nl")

    with django_assert_max_num_queries(4):
        assert len(suggest("atax", language="nl")) == AT_MOST


def test_endpoint_returns_names_only(client: Client) -> None:
    PatientFactory(last_name="Duchenne")

    response = client.post("/start/conditions/", {"q": "duchenne", "language": "en"})

    assert response.json() == {"names": [{"name": "Duchenne Muscular Dystrophy", "also": "DMD"}]}
    assert "no-store" in response["Cache-Control"]


def test_what_is_typed_never_stands_in_an_address(client: Client) -> None:
    assert client.get("/start/conditions/", {"q": "duchenne"}).status_code == 405


def test_endpoint_is_limited(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "portal.public.views.SUGGESTIONS",
        SUGGESTIONS.__class__("few", times=1, per=SUGGESTIONS.per),
    )

    assert client.post("/start/conditions/", {"q": "du"}).status_code == 200
    refused = client.post("/start/conditions/", {"q": "du"})

    assert refused.status_code == 429
    assert refused.json() == {"names": []}
