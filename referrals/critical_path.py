"""When a dossier can come to its first dose, and what that waits for: the longest path of what
remains (critical path method, Kelley and Walker 1959).

Pure: it is told the steps and the day, and nothing is read or written. What nobody knows stays
unknown: a step without days and without a date makes everything after it "unknown from here", and
the forecast names the steps whose days are missing.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from referrals import clocks

DONE = frozenset({"approved", "not_required", "waived"})
WAITING = frozenset({"not_started", "in_preparation", "submitted", "questions"})
SENT = frozenset({"submitted", "questions"})
CANCELLED = "cancelled"


class Unknown(StrEnum):
    """Why nobody can say when a step is done."""

    DAYS = "days_unknown"  # neither its days nor a date are known
    STOPPED = "stopped"  # rejected, expired or cancelled: nothing says how it goes on
    CIRCLE = "circle"  # it waits for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the path needs to know of one step. `needs` are keys of other steps."""

    key: Hashable
    status: str = "not_started"
    needs: tuple[Hashable, ...] = ()
    days: int | None = None
    is_working_days: bool = False
    country: str = ""
    due_on: date | None = None
    submitted_on: date | None = None
    is_first_dose: bool = False
    decided_on: date | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When what remains can be done, as far as anybody knows.

    `finishes` has every step that waits; None for one whose day is unknown. `critical` are the
    steps of which a day of delay is a day's delay of the first dose, in their order; `next_step` is
    the first of them on which somebody can act. Once the first dose was given, or when no step is
    one, `critical` is the step that is to be done first.
    """

    finishes: Mapping[Hashable, date | None]
    unknown: Mapping[Hashable, Unknown]
    critical: tuple[Hashable, ...]
    first_dose_on: date | None
    is_first_dose_given: bool
    has_first_dose: bool

    @property
    def next_step(self) -> Hashable | None:
        """The critical step on which somebody can act now; None when nothing remains."""
        return self.critical[0] if self.critical else None

    @property
    def missing(self) -> tuple[Hashable, ...]:
        """The steps that make the day of the first dose unknown; empty when it is known."""
        if not self.has_first_dose or self.is_first_dose_given:
            return ()
        return tuple(key for key in self.critical if key in self.unknown)


def forecast(steps: Iterable[Step], *, today: date) -> Forecast:
    """The forecast for these steps, in the order in which they are listed."""
    path = _Path({step.key: step for step in steps}, today)
    waiting = [step for step in path.steps.values() if step.status in WAITING]
    finishes = {step.key: path.finish(step.key) for step in waiting}
    doses = [step for step in path.steps.values() if step.is_first_dose]
    # One that was cancelled counts only as long as no other has taken its place.
    wanted = [step for step in doses if step.status != CANCELLED] or doses
    pending = [step for step in wanted if step.status not in DONE]
    given = bool(doses) and not pending
    if given:
        first_dose_on = max((one.decided_on for one in wanted if one.decided_on), default=None)
    else:
        first_dose_on = path.latest([step.key for step in pending]) if pending else None
    targets = [step.key for step in pending]
    return Forecast(
        finishes=finishes,
        unknown=dict(path.unknown),
        critical=path.critical(targets) if targets else path.first_due(finishes),
        first_dose_on=first_dose_on,
        is_first_dose_given=given,
        has_first_dose=bool(doses),
    )


def what_if(
    steps: Iterable[Step], changes: Mapping[Hashable, Mapping[str, Any]], *, today: date
) -> Forecast:
    """The forecast as it would be with these fields of these steps changed. Changes nothing.

    What would be done would be done today.
    """

    def changed(step: Step, said: Mapping[str, Any]) -> Step:
        if said.get("status") in DONE:
            said = {"decided_on": step.decided_on or today, **said}
        return replace(step, **said)

    return forecast((changed(step, changes.get(step.key, {})) for step in steps), today=today)


class _Path:
    """Finishes of steps, each worked out once, and why some are unknown."""

    def __init__(self, steps: Mapping[Hashable, Step], today: date) -> None:
        self.steps = steps
        self.today = today
        self.unknown: dict[Hashable, Unknown] = {}
        self._finishes: dict[Hashable, date | None] = {}
        self._on_the_way: set[Hashable] = set()

    def finish(self, key: Hashable) -> date | None:
        """When the step is done at the earliest; None when that is unknown."""
        if key not in self._finishes:
            if key in self._on_the_way:
                self.unknown[key] = Unknown.CIRCLE
                return None
            self._on_the_way.add(key)
            self._finishes[key] = self._worked_out(self.steps[key])
            self._on_the_way.remove(key)
        return self._finishes[key]

    def _worked_out(self, step: Step) -> date | None:
        if step.status in DONE:
            return self.today
        if step.status not in WAITING:
            self.unknown[step.key] = Unknown.STOPPED
            return None
        begins = self._begins(step)
        own = self._own(step, begins)
        if begins is None or own is None:
            return None
        return max(own, self.today)

    def _begins(self, step: Step) -> date | None:
        """From when its days count: since it was sent, else when all that it needs is done."""
        if step.status in SENT:
            return step.submitted_on or self.today
        return self.latest([need for need in step.needs if need in self.steps])

    def _own(self, step: Step, begins: date | None) -> date | None:
        """When it would be done for its own part, begun on that day (today when unknown)."""
        if step.days is None:
            if step.due_on is None:
                self.unknown[step.key] = Unknown.DAYS
                return None
            return max(step.due_on, begins or self.today)
        begun = begins or self.today
        if step.is_working_days:
            done = clocks.after(begun, step.days, country=step.country)
        else:
            done = clocks.later(begun, step.days)
        return max(done, step.due_on or done)

    def latest(self, keys: Iterable[Hashable]) -> date | None:
        """When the last of these is done, today for none; None when one is unknown."""
        found = [self.finish(key) for key in keys]
        known = [day for day in found if day is not None]
        return max(known, default=self.today) if len(known) == len(found) else None

    def critical(self, targets: Iterable[Hashable]) -> tuple[Hashable, ...]:
        """Every step on a longest path to the last of the targets, in the order of the steps."""
        found: set[Hashable] = set()
        ahead = self._last_of(targets)
        while ahead:
            key = ahead.pop()
            if key in found:
                continue
            found.add(key)
            ahead += self._holding_up(self.steps[key])
        return tuple(key for key in self._in_order() if key in found)

    def _last_of(self, keys: Iterable[Hashable]) -> list[Hashable]:
        """Those that are done last and not done yet; the unknown ones when there are any."""
        open_ = [key for key in keys if self.steps[key].status not in DONE]
        unknown = [key for key in open_ if self.finish(key) is None]
        if unknown or not open_:
            return unknown
        last = self.latest(open_)
        return [key for key in open_ if self.finish(key) == last]

    def _holding_up(self, step: Step) -> list[Hashable]:
        """The steps that it waits for and that decide when it is done."""
        if step.status in SENT or step.status not in WAITING:
            return []
        before = self._last_of(need for need in step.needs if need in self.steps)
        if not before or self.finish(step.key) is None:
            # Of what is unknown, only what makes it so: not its own missing days.
            return [key for key in before if self.finish(key) is None] or before
        # A date of its own that is later than all it waits for leaves those some time.
        begins = self.latest(before)
        assert begins is not None  # noqa: S101 - its own finish is known
        sooner = self._own(replace(step, due_on=None), begins) if step.days is not None else begins
        is_bound = step.due_on is not None and sooner is not None and step.due_on > sooner
        return [] if is_bound else before

    def _in_order(self) -> list[Hashable]:
        """The steps with what they wait for first, else as they are listed."""
        ordered: list[Hashable] = []
        seen: set[Hashable] = set()

        def visit(key: Hashable) -> None:
            if key in seen or key not in self.steps:
                return
            seen.add(key)
            for need in self.steps[key].needs:
                visit(need)
            ordered.append(key)

        for key in self.steps:
            visit(key)
        return ordered

    def first_due(self, finishes: Mapping[Hashable, date | None]) -> tuple[Hashable, ...]:
        """The step that is to be done first, of those on which somebody can act."""
        able = [
            key
            for key in finishes
            if all(
                self.steps[need].status in DONE
                for need in self.steps[key].needs
                if need in self.steps
            )
        ]
        return tuple(
            sorted(able, key=lambda key: finishes[key] or self.steps[key].due_on or date.max)[:1]
        )
