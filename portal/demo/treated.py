"""Patients who are treated already: their medicine, what was agreed, and an adverse event."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from patients import consenting
from patients.models import Consent, ConsentText, Patient
from portal.core.models import User
from referrals import following_up, safety_reporting, supplying
from referrals.models import EAPDossier, FollowUp, SafetyReport, Shipment

_MOVES = {move.name: move for move in supplying.MOVES}
_FINISH = following_up.MOVES[0]
# How many days ago each shipment of a patient was released, shipped and delivered, and for how many
# days it lasts; None: not yet. The first patient has to order again, the second has enough, the
# third waits for what is on the road.
_SHIPPED: tuple[tuple[tuple[int | None, int | None, int | None, int], ...], ...] = (
    ((49, 46, 44, 56),),
    ((30, 28, 25, 84), (None, None, None, 84)),
    ((4, 1, None, 28),),
)
# What is done for each of them, when it is due, and how often.
_AGREED = (
    (FollowUp.Kind.LAB, "ALT, AST and bilirubin", -2, 28),
    (FollowUp.Kind.VISIT, "Weight and vital signs", 9, 28),
    (FollowUp.Kind.PHONE, "How the first weeks went", -16, None),
)


def go_on(navigators: Sequence[User], *, today: date, now: datetime) -> None:
    """Fill the pages of what comes after the first dose, for the first few who are enrolled."""
    enrolled = EAPDossier.objects.open().filter(
        patient__stage=Patient.Stage.PATIENT,
        patient__physician__hospital__isnull=False,
        enrolled_on__lt=today - timedelta(days=60),
        route=None,
    )
    found = enrolled.select_related("patient__owner", "program__product")
    dossiers = list(found.order_by("number", "pk")[: len(_SHIPPED)])
    for dossier, shipments in zip(dossiers, _SHIPPED, strict=False):
        by = dossier.patient.owner or navigators[0]
        _agree(dossier, by=by)
        for released, shipped, delivered, lasts in shipments:
            _send(dossier, (released, shipped, delivered), lasts, by=by, today=today)
        _look_after(dossier, by=by, today=today)
    for dossier in dossiers[:1]:
        _report(dossier, by=dossier.patient.owner or navigators[0], now=now)


def _agree(dossier: EAPDossier, *, by: User) -> None:
    purpose = Consent.Purpose.EAP_SPONSOR
    text = ConsentText.objects.filter(purpose=purpose, language="en").latest("valid_from")
    consent = Consent(
        patient=dossier.patient,
        purpose=purpose,
        scope=dossier.program.eap_number,
        decision=Consent.Decision.GIVEN,
        text_version=text.text_version,
        language=text.language,
        method=Consent.Method.PHONE,
        obtained_by=by,
    )
    consenting.record(consent=consent, by=by)


def _send(
    dossier: EAPDossier, ago: tuple[int | None, ...], lasts: int, *, by: User, today: date
) -> None:
    product = dossier.program.product
    shipment = Shipment(
        dossier=dossier,
        product=str(product or dossier.program),
        quantity=2,
        unit="packs",
        lasts_days=lasts,
        planned_for=today + timedelta(days=21 if ago[0] is None else 3),
    )
    supplying.plan(shipment, by=by)
    details: dict[str, dict[str, Any]] = {
        "release": {"batch": "DEMO-7", "expires_on": today + timedelta(days=400)},
        "ship": {"carrier": "Cold chain courier", "tracking_reference": "DEMO-1204"},
        "deliver": {"received_by": "Hospital pharmacy"},
    }
    for (name, said), days in zip(details.items(), ago, strict=True):
        if days is not None:
            on = today - timedelta(days=days)
            move = _MOVES[name]
            supplying.take(move, shipment_id=shipment.pk, by=by, on=on, details=said)


def _look_after(dossier: EAPDossier, *, by: User, today: date) -> None:
    for kind, instructions, days, every in _AGREED:
        follow_up = FollowUp(
            dossier=dossier,
            kind=kind,
            instructions=instructions,
            due_on=today + timedelta(days=days),
            repeats_days=every,
        )
        following_up.schedule(follow_up, by=by)
        if kind == FollowUp.Kind.PHONE:
            following_up.take(
                _FINISH,
                follow_up_id=follow_up.pk,
                by=by,
                on=follow_up.due_on,
                outcome_text="Tired in the first week, better since.",
            )


def _report(dossier: EAPDossier, *, by: User, now: datetime) -> None:
    """The sponsor was told of it; the authority has still to be."""
    report = SafetyReport(
        dossier=dossier,
        description="Pneumonia, four days in hospital, antibiotics. The treatment was paused.",
        seriousness=[SafetyReport.Seriousness.HOSPITALISATION],
        relatedness=SafetyReport.Relatedness.POSSIBLE,
        onset_on=(now - timedelta(days=5)).date(),
        aware_at=now - timedelta(days=2),
    )
    safety_reporting.raise_report(report, by=by)
    safety_reporting.take(
        safety_reporting.TELL_SPONSOR,
        report_id=report.pk,
        by=by,
        at=now - timedelta(days=2) + timedelta(hours=5),
        reference="DEMO-SR-1",
    )
