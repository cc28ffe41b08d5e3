"""What the lists of the home page are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

LISTED = 8
COUNT_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a block: what is first, whom it is about, and what can be done."""

    lead: str
    name: str
    url: str
    detail: str
    badge: Any = ""
    action: str = ""
    action_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One list of the home page, with its number and what to do when it is empty."""

    key: str
    title: str
    icon: str
    count: str
    note: str
    url: str
    lines: Sequence[Line]
    empty: str
    empty_action: str = ""
    empty_url: str = ""


def counted(queryset: Any, *, limit: int = COUNT_LIMIT) -> str:
    """How many rows there are, or that there are more than `limit`."""
    number = queryset.order_by()[: limit + 1].count()
    return f"{limit}+" if number > limit else str(number)


def added(counts: Iterable[str]) -> str:
    """Several such numbers as one; it has a plus when one of them has."""
    found = list(counts)
    more = "+" if any(count.endswith("+") for count in found) else ""
    return f"{sum(int(count.rstrip('+')) for count in found)}{more}"


def list_url(model: str, **filters: Any) -> str:
    """The list of a model ("app_model"), narrowed."""
    url = reverse(f"admin:{model}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def about(patient: Any, *more: str) -> str:
    """The condition and whatever else tells what a call is about."""
    parts = (str(patient.medical_condition or ""), patient.get_country_display(), *more)
    return " · ".join(part for part in parts if part)
