"""What the portal is measured against does the same work, so that the ratios mean something."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from benchmarks import run
from benchmarks.measure import Line, Samples
from benchmarks.rest import Caller
from patients.models import Patient
from portal import scale
from portal.core.models import AccessEvent, User

SIZE = scale.Size(
    patients=120, bookings=10, referrals=5, dossiers=2, specialists=20, hospitals=10, trials=3
)


@pytest.fixture
def caller(settings: Any, db: None) -> Caller:
    settings.ROOT_URLCONF = "benchmarks.urls"
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SECURE_SSL_REDIRECT = False
    scale.fill(SIZE)
    return Caller(User.objects.filter(username__startswith="navigator").earliest("username"))


def test_baseline_lists_give_the_same_rows_and_members_as_the_api(caller: Caller) -> None:
    calls = caller.calls()

    mine, bare, textbook = (
        calls[name]().json()["results"] for name in ("list", "bare", "textbook")
    )

    assert len(mine) == 100
    for other in (bare, textbook):
        assert [row["id"] for row in other] == [row["id"] for row in mine]
        assert set(other[0]) == set(mine[0])
        for name in ("owner", "medical_condition", "physician", "converted_by"):
            assert [row[name] for row in other] == [row[name] for row in mine]


def test_baseline_get_shows_and_records_what_the_api_does(caller: Caller) -> None:
    key = Patient.objects.filter(physician__isnull=False)[0].pk

    mine = caller.get(f"/api/v1/patients/{key}/").json()
    ninja = caller.get(f"/bench/ninja/patients/{key}").json()

    assert set(ninja) == set(mine)
    assert ninja["physician"] == mine["physician"]
    assert AccessEvent.objects.filter(record_ids=[key]).count() == 2


def test_baseline_post_makes_the_patient_that_the_api_makes(caller: Caller) -> None:
    calls = caller.calls()

    mine, ninja = calls["post"]().json(), calls["ninja post"]().json()

    different = {"id", "created_at", "updated_at", "first_contact_at", "email"}
    assert {k: v for k, v in ninja.items() if k not in different} == {
        k: v for k, v in mine.items() if k not in different
    }


def test_baselines_ask_who_is_calling(caller: Caller) -> None:
    stranger = Client(SERVER_NAME="localhost")

    assert stranger.get("/bench/textbook/").status_code == 403
    assert stranger.post("/bench/ninja/patients").status_code == 401


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5.0], 99, 5.0), (list(range(1, 101)), 95, 95), (list(range(1, 401)), 99, 396)],
    ids=["one", "hundred", "four-hundred"],
)
def test_percentile_is_the_smallest_that_enough_do_not_exceed(
    values: list[float], percent: float, expected: float
) -> None:
    assert Samples(ms=list(reversed(values))).percentile(percent) == expected


def test_table_is_put_between_the_markers_of_the_page(tmp_path: Path, monkeypatch: Any) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"Before\n{run.BEGIN}\nyesterday\n{run.END}\nAfter\n", encoding="utf-8")
    monkeypatch.setattr(run, "PAGE", page)
    line = Line(what="a", measured="2 ms", baseline="1 ms", ratio=2, hold="≤ 1x", held=False)

    run.write(run.markdown([line]))

    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"Before\n{run.BEGIN}\n| what |")
    assert "| a | 2 ms | 1 ms | 2.00x | ≤ 1x | **does not hold** |" in text
    assert text.endswith(f"{run.END}\nAfter\n")
    assert "yesterday" not in text
