"""What waits for a decision, for the home page. Apps with lists of such things declare them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Rows that somebody has to decide about: who may change the model is told of them.

    `filters` narrow the model's list to `rows`.
    """

    model: type[models.Model]
    title: Any
    what_to_do: Any
    rows: Callable[[], Any]
    filters: Mapping[str, str] = field(default_factory=dict, hash=False)


_lists: list[Waiting] = []


def join(*lists: Waiting) -> None:
    """Declare lists, in the order in which they are shown. Called once by an app, at import."""
    _lists.extend(lists)


def lists() -> tuple[Waiting, ...]:
    """Every declared list."""
    return tuple(_lists)
