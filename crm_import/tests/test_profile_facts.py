"""What is measured without a database: dialects of dates, masks, evidence of a zone."""

from datetime import datetime
from typing import Any

import pytest

from crm_import.profiling import dialects
from crm_import.profiling.dialects import NUMBER, OTHER, SHEET, Dialects, dialect, shape
from crm_import.profiling.masking import is_masked, is_option, mask
from crm_import.profiling.zones import INSTANTS, WALL_CLOCK, Sample, beside, by_season
from crm_import.sources.words import came_twice
from crm_import.tables import CONTACT, PATIENT, Table


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("2023-10-29T00:30:00Z", "yyyy-MM-ddTHH:mm:ssZ"),
        ("2021-03-01T10:00:00.0000000+00:00", "yyyy-MM-ddTHH:mm:ss+hh:mm"),
        ("2023-10-29 00:30:00", "yyyy-MM-ddTHH:mm:ss without a zone"),
        ("2023-10-29", "yyyy-MM-dd"),
        ("10/1/2026 8:03:11 AM", "M/d/yyyy h:mm:ss tt"),
        ("29/10/2023 02:30", "local date"),
        ("29.10.2023", "local date"),
        ("45228.1041", NUMBER),
        ("tomorrow", OTHER),
        ("2023/10", OTHER),
        (datetime(2023, 10, 29), SHEET),  # noqa: DTZ001  as spreadsheets have it
    ],
)
def test_dialect_of_a_date(cell: Any, name: str) -> None:
    assert dialect(shape(cell)) == name


def test_dialects_are_counted_by_column_and_blank_cells_are_none() -> None:
    seen = Dialects()
    for cell in ("2023-10-29", "2024-10-29", "", None, "soon"):
        seen.see("booking_date", cell)

    assert seen.of("booking_date") == {"yyyy-MM-dd": 2, OTHER: 1}
    assert seen.of("reminder_date") is None


def test_dialects_of_a_column_full_of_words_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "_MOST", 2)
    seen = Dialects()
    for cell in ("a", "b", "c", "2023-10-29", "a"):
        seen.see("booking_date", cell)

    assert seen.of("booking_date") == {OTHER: 5}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("Anna-Müller", "Xxxx-Xxxxxx"),
        ("o.b@example.org", "x.x@xxxxxxx.xxx"),
        ("BIG 1234\t٣", "XXX 9999 9"),
        ("x" * 60, "x" * 40 + "…"),
        ("नमस्ते", "xxxxxx"),
    ],
)
def test_mask_keeps_the_form_only(value: str, masked: str) -> None:
    assert mask(value) == masked


@pytest.mark.parametrize(
    ("table", "column", "masked"),
    [
        (CONTACT, "lastname", True),
        (PATIENT, "ineligible_reason", True),
        (PATIENT, "ct_referral_date", True),
        (CONTACT, "contact_type", True),  # what is no integer in it may be anything
        (CONTACT, "job_title", False),
        (CONTACT, "contactid", False),
    ],
)
def test_columns_are_masked_as_the_models_say(table: Table, column: str, masked: bool) -> None:
    assert is_masked(table, column) is masked


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("100000001", True), ("2,3, 8", True), ("0612345678", False), ("lead", False), ("", False)],
)
def test_integers_of_options_are_shown(value: str, is_one: bool) -> None:
    assert is_option(value) is is_one


def sample(hours: list[float], offset: int) -> Sample:
    """Moments at these hours in UTC."""
    local = [hour + offset for hour in hours]
    return Sample(len(hours), sum(local), sum(hours), sum(hour * hour for hour in local))


NINE_TO_FIVE = [float(hour) for hour in range(9, 17)] * 40
EARLY = [hour - 1 for hour in NINE_TO_FIVE]
EARLIER = [hour - 2 for hour in NINE_TO_FIVE]


@pytest.mark.parametrize(
    ("winter", "summer", "reading"),
    [
        pytest.param(EARLY, EARLIER, INSTANTS, id="nine to five in Amsterdam"),
        pytest.param(NINE_TO_FIVE, NINE_TO_FIVE, WALL_CLOCK, id="nine to five, written as UTC"),
        pytest.param(NINE_TO_FIVE, EARLY[:10], "", id="too few"),
        pytest.param([0.0, 20.0] * 20, [1.0, 19.0] * 20, "", id="at any hour"),
        pytest.param(NINE_TO_FIVE, [20.0] * 40, "", id="something else"),
    ],
)
def test_row_64_seasons_say_which_clock_was_written(
    winter: list[float], summer: list[float], reading: str
) -> None:
    assert by_season(sample(winter, 1), sample(summer, 2)) == reading


@pytest.mark.parametrize(
    ("own", "reading"),
    [
        pytest.param(EARLY, INSTANTS, id="as the others"),
        pytest.param(NINE_TO_FIVE, WALL_CLOCK, id="one hour later than the others"),
        pytest.param([hour + 4 for hour in EARLY], "", id="works in the evening"),
        pytest.param(EARLY[:5], "", id="too few"),
    ],
)
def test_row_64_one_hand_is_compared_with_the_others(own: list[float], reading: str) -> None:
    assert beside(sample(own, 1), sample(EARLY, 1)) == reading


@pytest.mark.parametrize(
    ("spelled", "twice"),
    [
        ("2021-10-31T00:30:00Z", True),
        ("2021-10-31T01:30:00Z", False),  # the later one is not what a wall time becomes
        ("2021-10-30T00:30:00Z", False),
        ("2021-03-28 02:30:00 (no such time)", False),
        ("9999-99-99T00:00:00Z", False),
        ("", False),
    ],
)
def test_row_59_time_that_came_twice(spelled: str, twice: bool) -> None:
    assert came_twice(spelled) is twice
