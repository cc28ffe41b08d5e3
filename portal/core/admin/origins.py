"""Where a record came from, on its own page. Apps that bring records in from elsewhere say it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing that the record was made of: what, by which rule, and when it came in."""

    what: Any
    rule: Any
    came: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The sources of a record in one other system. `more_url` leads to further ones, if any."""

    said: Any
    sources: Sequence[Source]
    more_url: str = ""


# The origin of a record, as one viewer may see it; None for a record that came from nowhere else.
Teller = Callable[[Any, Any], Origin | None]

_tellers: list[Teller] = []


def join(teller: Teller) -> None:
    """Declare who knows where records came from. Called once by an app, at import."""
    _tellers.append(teller)


def of(record: Any, user: Any) -> list[Origin]:
    """Where the record came from."""
    told = (teller(record, user) for teller in _tellers)
    return [origin for origin in told if origin is not None]
