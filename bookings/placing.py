"""Finding the place of a call: one navigator who is free then, or a refusal that says what is.

The database makes double booking impossible (exclusion constraints on `Booking`). The navigator's
row is locked first and the patient's next, so that of many who want one slot one wins and the
others are told at once instead of running into a deadlock. What a refusal offers instead is
worked out after the lock is given back.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bookings.availability import Slot, next_free, who_is_free
from bookings.models import NAVIGATORS, Booking
from patients.locking import locked_open
from patients.models import Patient
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Status = Booking.Status

# The reason in the history of what people do themselves, over a page that needs no log-in.
BY_THE_PATIENT = "by the patient"

_TAKEN = {
    "bookings_booking_navigator_free": "navigator_busy",
    "bookings_booking_patient_free": "patient_busy",
}
# PostgreSQL: exclusion_violation, deadlock_detected.
_EXCLUSION, _DEADLOCK = "23P01", "40P01"


class SlotTaken(Refused):
    """The time is not free. `free` are the next slots that are.

    The code says why: `navigator_busy`, `patient_busy`, `nobody_free` when a navigator was to be
    assigned, `not_offered` when a patient asks for a time that is no slot, `hold_expired`, and
    `slot_taken` when too many wanted it at once to say.
    """

    code = "slot_taken"

    def __init__(
        self, message: str, *, code: str | None = None, free: tuple[Slot, ...] = ()
    ) -> None:
        times = ", ".join(date_format(timezone.localtime(s.starts_at), "j M H:i") for s in free)
        super().__init__(_with_times(message, times), code=code)
        self.free = free
        self.members = {"free_slots": [slot.shown() for slot in free]}
        moments = (timezone.localtime(s.starts_at).isoformat(timespec="minutes") for s in free)
        named = f"{', '.join(moments)} ({timezone.get_current_timezone_name()})" if free else ""
        self._detail = _with_times(message, named)

    @property
    def detail(self) -> str:
        """The message with whole moments and their zone: a program's clock is anybody's guess."""
        return self._detail


def _with_times(message: str, times: str) -> str:
    return f"{message} {_('Next free: %(times)s.') % {'times': times}}" if times else message


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A time that somebody wants for a call with a patient.

    Without `navigator_id` any navigator will do who takes calls then and speaks `language` (blank:
    any), `preferred` before the others, in whichever language. `by` None is the patient, who gets
    no time but one that is offered. `instead_of` is a booking of theirs that gives way in the same
    transaction, and so takes no time.
    """

    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    by: User | None
    now: datetime
    navigator_id: UUID | None = None
    preferred: UUID | None = None
    language: str = ""
    instead_of: UUID | None = None

    def candidates(self) -> list[UUID]:
        """With whom to try, in this order. Nothing is locked yet: it is asked again."""
        if self.navigator_id is not None:
            return [self.navigator_id]
        first = self._free(navigator_id=self.preferred) if self.preferred else []
        return [*first, *(each for each in self._free(language=self.language) if each not in first)]

    def is_free(self, navigator_id: UUID) -> bool:
        """Whether there is room by hours, time off, pauses and limits."""
        return bool(self._free(navigator_id=navigator_id))

    def _free(self, *, navigator_id: UUID | None = None, language: str = "") -> list[UUID]:
        return who_is_free(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            now=self.now,
            offered=self.by is None,
            navigator_id=navigator_id,
            language=language,
            ignoring=self.instead_of,
        )

    def refusal(self, code: str) -> SlotTaken:
        """Why the place is not to be had, with the next slots that are."""
        free = next_free(
            navigator_id=self.navigator_id,
            language="" if self.navigator_id else self.language,
            patient_id=self.patient_id,
            after=self.starts_at,
            now=self.now,
        )
        return refused(code, free, language=self.language)


def said_by(by: User | None) -> AbstractContextManager[None]:
    """Record who changes what happens inside; None is the patient, over the public page."""
    return acting(by=by, reason="" if by else BY_THE_PATIENT)


class _Lost(Exception):
    """The place was taken by somebody else; `code` says whose time it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def place(wish: Wish, make: Callable[[Patient, UUID], Booking], *, afterwards: bool) -> Booking:
    """What `make` returns when it is called with the patient and a navigator, both locked.

    `make` saves the row and runs in a transaction; when the database finds the time taken it is
    called again with the next navigator who is free, if any will do.

    Raises SlotTaken; Refused with `in_the_past` for a time that is over unless `afterwards`, for
    a patient who is not open for anything new and for somebody who takes no calls.
    """
    _refuse_nonsense(wish, afterwards=afterwards)
    code = "nobody_free" if wish.by is not None else "not_offered"
    for navigator_id in wish.candidates():
        try:
            with transaction.atomic(), said_by(wish.by):
                return _placed(wish, navigator_id, make)
        except _Lost as lost:
            code = lost.code
        except (IntegrityError, OperationalError) as error:
            constraint = _lost_to(error)
            if constraint is None:
                raise
            code = _TAKEN.get(constraint, SlotTaken.code)
        if code == "patient_busy":  # with anybody
            break
    raise wish.refusal(code)


def refused(code: str, free: tuple[Slot, ...], *, language: str = "") -> SlotTaken:
    """The refusal in words, with the times that are free."""
    messages = {
        "navigator_busy": _("The navigator has another call at that time."),
        "patient_busy": _("The patient has another call at that time."),
        "nobody_free": _("No navigator is free at that time."),
        "not_offered": _("That time is not free any more."),
        "hold_expired": _("The time was held for a while and is not any more."),
    }
    if language:
        messages["nobody_free"] = _("No navigator who speaks the language is free at that time.")
    message = messages.get(code, _("That time was taken just now."))
    return SlotTaken(message, code=code, free=free)


def _refuse_nonsense(wish: Wish, *, afterwards: bool) -> None:
    if wish.ends_at <= wish.starts_at:
        raise ValidationError(
            {"ends_at": _("The end must be later than the start.")}, code="end_after_start"
        )
    if wish.starts_at < wish.now and not afterwards:
        message = _("That time is over. Say so if the call is entered afterwards.")
        raise Refused(message, code="in_the_past")


def _placed(wish: Wish, navigator_id: UUID, make: Callable[[Patient, UUID], Booking]) -> Booking:
    """Raises _Lost, or the database's errors, when the place is taken."""
    _lock_navigator(navigator_id)
    expired = _demand_free(wish, navigator_id)
    patient = locked_open(wish.patient_id)
    _end_holds(expired, now=wish.now)
    return make(patient, navigator_id)


def _lock_navigator(navigator_id: UUID) -> None:
    rows = User.objects.select_for_update(no_key=True).filter(pk=navigator_id, **NAVIGATORS)
    if not rows.values_list("pk", flat=True):
        message = _("This person takes no calls any more. Choose another navigator.")
        raise Refused(message, code="navigator_inactive")


def _demand_free(wish: Wish, navigator_id: UUID) -> list[UUID]:
    """The ids of holds that ran out and are in the way. Raises _Lost when something else is."""
    in_the_way = (
        Booking.objects.blocking()
        .filter(
            Q(navigator=navigator_id) | Q(patient=wish.patient_id),
            starts_at__lt=wish.ends_at,
            ends_at__gt=wish.starts_at,
        )
        .values_list("pk", "navigator_id", "held_until")
    )
    expired = []
    for booking_id, of_navigator, held_until in in_the_way:
        if booking_id == wish.instead_of:
            continue
        if held_until is None or held_until > wish.now:
            raise _Lost("navigator_busy" if of_navigator == navigator_id else "patient_busy")
        expired.append(booking_id)
    is_asked = wish.by is None or wish.navigator_id is None
    if is_asked and not wish.is_free(navigator_id):
        raise _Lost("not_offered" if wish.by is None else "nobody_free")
    return expired


def _end_holds(ids: Sequence[UUID], *, now: datetime) -> None:
    """End the holds that ran out and are in the way. The rows are locked in one order."""
    if not ids:
        return
    rows = Booking.objects.expired(now=now).filter(pk__in=ids)
    for hold in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        let_go(hold, reason="The slot was held and not booked in time.")


def let_go(hold: Booking, *, reason: str, party: Booking.Party = Booking.Party.PATIENT) -> None:
    """End a hold, which is locked. Nobody was told of it, so nothing follows from that."""
    hold.status = Status.CANCELLED
    hold.held_until = None
    hold.cancelled_by = party
    hold.cancel_reason = reason
    hold.save(update_fields=("status", "held_until", "cancelled_by", "cancel_reason"))


def _lost_to(error: Exception) -> str | None:
    """The constraint that a lost race ran into, "" for a deadlock; None for any other error."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", "") not in {_EXCLUSION, _DEADLOCK}:
        return None
    return getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
