"""The home page's lists of referrals and dossiers: who keeps silent, and what is due."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from portal.core.admin.display import choice_badge, moment, short_day, waiting
from portal.core.models import User
from portal.core.permissions import may
from portal.site.blocks import LISTED, Block, Line, counted, list_url
from referrals.admin.ct import held
from referrals.lifecycle import CHASE
from referrals.models import CTReferral, FollowUp, SafetyReport, Shipment

# The list behind a number is narrowed as the number is.
_NARROWED = {"whose": "mine_or_nobodys"}


def blocks(user: User, mine: User | None, now: datetime) -> Iterator[Block]:
    """The lists that the viewer may see; those of `mine` and of nobody, or everybody's."""
    if may(user, "view", SafetyReport):
        yield _safety(user, mine, now)
    if may(user, "view", CTReferral):
        yield _silent(user, mine, now)
    if may(user, "view", Shipment):
        yield _resupply(user, mine, now)
    if may(user, "view", FollowUp):
        yield _follow_ups(user, mine, now)


def _of(rows: Any, mine: User | None, path: str) -> Any:
    if mine is None:
        return rows
    return rows.filter(**{f"{path}__in": Patient.objects.open_to(mine)})


def _shown(rows: Any, *order: str) -> list[Any]:
    joined = ("dossier__patient", "dossier__program")
    found = rows.select_related(*joined).defer(*(f"{name}__search" for name in joined))
    return list(found.order_by(*order, "id")[:LISTED])


def _verb_url(row: Any, verb: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{verb}", args=[row.pk])


def _safety(user: User, mine: User | None, now: datetime) -> Block:
    reports = _of(SafetyReport.objects.waiting(), mine, "dossier__patient")
    rows = _shown(reports, "due_at")
    may_tell = may(user, "change", SafetyReport)
    return Block(
        key="safety",
        title=_("Safety reports due"),
        icon="health_and_safety",
        count=counted(reports),
        note=_next_clock(rows, now),
        url=list_url("referrals_safetyreport", queue="due", **(_NARROWED if mine else {})),
        lines=[
            Line(
                lead=_left(row.due_at, now),
                name=row.dossier.patient.full_name,
                url=row.get_absolute_url(),
                detail=_whom(row) % {"when": moment(row.due_at)},
                badge=choice_badge(row, "status"),
                action=_("Tell") if may_tell else "",
                action_url=_verb_url(row, _whom_next(row)),
            )
            for row in rows
        ],
        empty=_("Everybody who has to know was told."),
    )


def _next_clock(rows: list[SafetyReport], now: datetime) -> str:
    if not rows or rows[0].due_at is None:
        return _("nobody waits")
    return _("the next: %(left)s") % {"left": _left(rows[0].due_at, now)}


def _left(due_at: datetime, now: datetime) -> str:
    if due_at < now:
        return _("%(time)s late") % {"time": waiting(due_at, now=now)}
    return _("%(time)s left") % {"time": waiting(now, now=due_at)}


def _whom_next(report: SafetyReport) -> str:
    """Who is told first: the sponsor, unless it was."""
    sponsor_waits = report.sponsor_told_at is None and report.sponsor_due_at is not None
    return "tell-sponsor" if sponsor_waits else "tell-authority"


def _whom(report: SafetyReport) -> str:
    if _whom_next(report) == "tell-sponsor":
        return _("the sponsor by %(when)s")
    return _("the authority by %(when)s")


def _silent(user: User, mine: User | None, now: datetime) -> Block:
    today = timezone.localdate(now)
    silent = _of(CTReferral.objects.silent(today=today), mine, "patient")
    rows = list(
        silent.select_related("patient", "trial", "site")
        .defer("patient__search", "trial__search", "trial__criteria_text", "trial__contacts")
        .order_by("due_on", "id")[:LISTED]
    )
    may_chase = may(user, "change", CTReferral)
    return Block(
        key="silent",
        title=_("Silent partners"),
        icon="hourglass_disabled",
        count=counted(silent),
        note=_("should have answered by now") if rows else _("every site has answered"),
        url=list_url("referrals_ctreferral", queue="silent", **(_NARROWED if mine else {})),
        lines=[
            Line(
                lead=short_day(row.due_on, now=now),
                name=row.patient.full_name,
                url=row.get_absolute_url(),
                detail=" · ".join(_held(row)),
                badge=choice_badge(row, "status"),
                action=_("Asked again") if may_chase else "",
                action_url=_verb_url(row, CHASE),
            )
            for row in rows
        ],
        empty=_("Nobody keeps us waiting."),
    )


def _held(referral: CTReferral) -> list[str]:
    """The trial, the site, and for how long they have had it."""
    holder, days = held(referral)
    site = str(referral.site) if referral.site else holder
    return [part for part in (referral.trial.registry_id, site, days) if part]


def _resupply(user: User, mine: User | None, now: datetime) -> Block:
    today = timezone.localdate(now)
    due = _of(Shipment.objects.resupply_due(today=today), mine, "dossier__patient")
    rows = _shown(due, "resupply_by")
    may_plan = may(user, "add", Shipment)
    return Block(
        key="resupply",
        title=_("Resupply due"),
        icon="local_shipping",
        count=counted(due),
        note=_("order now, nothing is under way") if rows else _("everybody has enough"),
        url=list_url("referrals_shipment", queue="resupply", **(_NARROWED if mine else {})),
        lines=[
            Line(
                lead=short_day(row.resupply_by, now=now),
                name=row.dossier.patient.full_name,
                url=row.dossier.get_absolute_url(),
                detail=_("%(program)s · runs out on %(day)s")
                % {
                    "program": row.dossier.program.eap_number,
                    "day": short_day(row.runs_out_on, now=now),
                },
                action=_("Plan a shipment") if may_plan else "",
                action_url=f"{reverse('admin:referrals_shipment_add')}?dossier={row.dossier_id}",
            )
            for row in rows
        ],
        empty=_("Nobody runs out of medicine soon."),
    )


def _follow_ups(user: User, mine: User | None, now: datetime) -> Block:
    today = timezone.localdate(now)
    due = _of(FollowUp.objects.due(today=today), mine, "dossier__patient")
    rows = _shown(due, "due_on")
    may_do = may(user, "change", FollowUp)
    return Block(
        key="dossier-follow-ups",
        title=_("Treatment follow-ups due"),
        icon="monitor_heart",
        count=counted(due),
        note=_("agreed for up to today") if rows else _("nothing is due"),
        url=list_url("referrals_followup", queue="due", **(_NARROWED if mine else {})),
        lines=[
            Line(
                lead=short_day(row.due_on, now=now),
                name=row.dossier.patient.full_name,
                url=row.get_absolute_url(),
                detail=" · ".join(
                    part for part in (row.get_kind_display(), row.instructions) if part
                ),
                badge=row.get_responsible_display(),
                action=_("Done") if may_do else "",
                action_url=_verb_url(row, "finish"),
            )
            for row in rows
        ],
        empty=_("Everything that was agreed is done."),
    )
