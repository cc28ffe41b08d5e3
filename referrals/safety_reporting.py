"""Telling of an adverse event: the sponsor, then the authority, each in the time the law gives.

`raise_report` writes an event down and `take` does one of `MOVES`. The portal sends nothing by
itself: it keeps who was told, when and what (`SafetyReportChange`).

No consent is asked for. Whoever treats has to report by law (`referrals.models.safety_clocks`
names the rules), so the ground is a legal obligation and the public interest in the safety of
medicines: GDPR articles 6(1)(c) and 9(2)(i); see EDPB, Opinion 3/2019, section 2.1. For the same
reason what is told has no names in it. A report may be raised for a dossier that is closed and for
somebody who has died; a death can be the event. For somebody whose data may not be changed (GDPR
article 18) the restriction is lifted first.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.errors import Missing, Refused
from portal.core.history import acting
from portal.core.models import User
from referrals import moves
from referrals.models import SafetyReport, SafetyReportChange
from referrals.moves import Move

Status = SafetyReport.Status
RAISE = "raise"


def sponsor_is_told(report: SafetyReport) -> Missing | None:
    if report.sponsor_due_at is None or report.sponsor_told_at is not None:
        return None
    return Missing("sponsor_not_told", _("It is serious and the sponsor has not been told."))


def authority_is_told(report: SafetyReport) -> Missing | None:
    if report.authority_due_at is None or report.authority_told_at is not None:
        return None
    return Missing("authority_not_told", _("It has to reach the authority, and nobody said so."))


MOVES = (
    Move(
        "tell-sponsor",
        gettext_lazy("Sponsor told"),
        (Status.DRAFT, Status.REPORTED),
        Status.REPORTED,
        marks="sponsor_told_at",
    ),
    Move(
        "tell-authority",
        gettext_lazy("Authority told"),
        (Status.DRAFT, Status.REPORTED),
        Status.REPORTED,
        marks="authority_told_at",
    ),
    Move(
        "close",
        gettext_lazy("Close the report"),
        (Status.DRAFT, Status.REPORTED),
        Status.CLOSED,
        guards=(sponsor_is_told, authority_is_told),
        overridable=("authority_not_told",),
    ),
)
TELL_SPONSOR, TELL_AUTHORITY, CLOSE = MOVES
BY_NAME = {move.name: move for move in MOVES}


def raise_report(report: SafetyReport, *, by: User) -> None:
    """Save the new, validated `report`. Its clocks run from `aware_at`.

    Raises Refused (`restricted`, `merged`, `erased`), ValidationError for a moment that is to
    come, or before the report that it goes on from.
    """
    with transaction.atomic(), acting(by=by, reason="safety report: raise"):
        refuse_moment(report)
        moves.begin_part(report)
        _keep(report, RAISE, at=report.created_at, remark="", by=by)


def refuse_moment(report: SafetyReport) -> None:
    """Raise ValidationError for an awareness that cannot be."""
    if report.aware_at > timezone.now():
        message = _("This moment is still to come.")
        raise ValidationError({"aware_at": ValidationError(message, code="in_the_future")})
    if report.follows is not None and report.aware_at < report.follows.aware_at:
        message = _("The report that it goes on from was known later.")
        raise ValidationError({"aware_at": ValidationError(message, code="backwards")})


def refuse_closed(report: SafetyReport) -> None:
    """Raise Refused for one that is closed: what was told stays as it is."""
    if report.status == Status.CLOSED:
        message = _("The report is closed. Write down what is new as a further report.")
        raise Refused(message, code="report_closed")


def take(
    move: Move,
    *,
    report_id: UUID,
    by: User,
    at: datetime | None = None,
    reference: str = "",
    authority: str = "",
    outcome: str = "",
    remark: str = "",
    override: str = "",
) -> SafetyReport:
    """Do `move` and return the report; what it says already stays so.

    `at` is when the sponsor or `authority` was told, now without it, under `reference`. A report
    is closed with the `outcome` of the event. A rule of `move.overridable` can be set aside by
    saying why in `override`.

    Raises Refused for another status and for what is missing, ValidationError for a moment, an
    authority or an outcome that makes no sense.
    """
    with transaction.atomic(), acting(by=by, reason=override or f"safety report: {move.name}"):
        report: SafetyReport = moves.locked_part(SafetyReport, report_id)
        if move.is_done(report):
            return report
        moves.refuse_unless_possible(report, move, by=by, override=override)
        when = _moment(report, at)
        if move is TELL_SPONSOR:
            report.sponsor_told_at, report.sponsor_reference = when, reference.strip()
        elif move is TELL_AUTHORITY:
            report.authority_told_at, report.authority_reference = when, reference.strip()
            report.authority = _named(authority)
        else:
            report.outcome, report.closing_remark = _known(outcome), remark.strip()
        report.status = move.target
        report.save()
        _keep(report, move.name, at=when, remark=remark, by=by)
        report.refresh_from_db()
        return report


def _moment(report: SafetyReport, at: datetime | None) -> datetime:
    now = timezone.now()
    if at is None:
        return now
    if at > now:
        message = _("This moment is still to come.")
        raise ValidationError({"at": ValidationError(message, code="in_the_future")})
    if at < report.aware_at:
        message = _("Nobody is told before it was known.")
        raise ValidationError({"at": ValidationError(message, code="backwards")})
    return at


def _named(authority: str) -> str:
    if not authority.strip():
        message = _("Say which authority was told.")
        raise ValidationError({"authority": ValidationError(message, code="required")})
    return authority.strip()


def _known(outcome: str) -> str:
    if outcome not in SafetyReport.Outcome.values:
        message = _("Say what came of the event.")
        raise ValidationError({"outcome": ValidationError(message, code="required")})
    return outcome


def _keep(report: SafetyReport, action: str, *, at: datetime, remark: str, by: User) -> None:
    told = action in (TELL_SPONSOR.name, TELL_AUTHORITY.name)
    SafetyReportChange.objects.create(
        report=report,
        action=action,
        happened_at=at,
        remark=remark.strip(),
        packet=packet(report) if told else {},
        changed_by=by,
    )


def packet(report: SafetyReport) -> dict[str, Any]:
    """What a recipient is told, as it is now: no name, no birthday, no address of anybody.

    The dossier's number stands for the patient (Regulation (EU) 536/2014, annex III, 2.3: an
    identifiable coded subject); age, sex and country are those an assessor needs.
    """
    dossier = report.dossier
    patient, program = dossier.patient, dossier.program
    began = report.onset_on or timezone.localdate(report.aware_at)
    return {
        "report": str(report.pk),
        "goes_on_from": str(report.follows_id or ""),
        "subject": dossier.number or str(dossier.pk),
        "program": program.eap_number,
        "product": str(program.product or ""),
        "age": _years(patient.date_of_birth, began),
        "sex": patient.sex,
        "country": patient.country,
        "event": report.description,
        "began_on": report.onset_on.isoformat() if report.onset_on else "",
        "known_since": report.aware_at.isoformat(),
        "seriousness": list(report.seriousness),
        "expectedness": report.expectedness,
        "relatedness": report.relatedness,
    }


def _years(born: date | None, on: date) -> int | None:
    """Age in whole years on a day; None when the birthday is not known."""
    if born is None:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
