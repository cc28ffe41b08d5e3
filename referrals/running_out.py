"""How long what was delivered lasts, and when the next delivery has to be ordered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from referrals import clocks


@dataclass(frozen=True, slots=True)
class Stock:
    """One delivery: since when it is there, how long it lasts, its last day of use (None: none)."""

    delivered_on: date
    lasts_days: int | None
    expires_on: date | None = None


def runs_out(deliveries: Iterable[Stock]) -> list[date | None]:
    """For each delivery, in the order they came, the first day on which it is used up as well.

    A delivery is begun when the ones before it are used up, and on the day it came at the
    earliest: treatment is taken to begin with the first. What expires before it is used up ends
    with its last day of use. None for a delivery of which nobody said how long it lasts.
    """
    until: date | None = None
    found: list[date | None] = []
    for stock in deliveries:
        if stock.lasts_days is None:
            found.append(None)
            continue
        begins = max(stock.delivered_on, until or stock.delivered_on)
        ends = clocks.later(begins, stock.lasts_days)
        if stock.expires_on is not None:
            ends = max(begins, min(ends, clocks.later(stock.expires_on, 1)))
        until = ends
        found.append(ends)
    return found


def resupply_by(runs_out_on: date, *, lead_days: int, country: str = "") -> date:
    """The last day to order, so that `lead_days` working days of `country` are left."""
    return clocks.before(runs_out_on, lead_days, country=country)


def next_due(*, due_on: date, done_on: date, every_days: int) -> date:
    """When something that comes again is due next: in step with `due_on`, after `done_on`."""
    late = max(0, (done_on - due_on).days)
    return clocks.later(due_on, every_days * (late // every_days + 1))
