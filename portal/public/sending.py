"""Handing a filled-in form over, once for each draft; a corrected one joins what it corrects."""

import hashlib
import json
from typing import Any

from patients import intake
from patients.models import Submission
from patients.repeating import KeyReused
from portal.public.drafts import Draft

SOURCE = Submission.Source.LANDING_PAGE


def first_sent(draft: Draft) -> Submission | None:
    """The submission this draft became; None when it has not been sent, or was erased."""
    return Submission.objects.filter(source=SOURCE, idempotency_key=draft.key).first()


def last_sent(draft: Draft) -> Submission | None:
    """The submission with what was said last, after corrections; None when nothing was sent."""
    first = first_sent(draft)
    if first is None:
        return None
    corrected = Submission.objects.filter(
        patient=first.patient_id, source=SOURCE, idempotency_key__startswith=f"{draft.key}."
    )
    return corrected.order_by("-received_at", "-id").first() or first


def send(draft: Draft, payload: dict[str, Any]) -> None:
    """Hand over what was filled in. The same answers again change nothing.

    Other answers in a draft that was sent already (corrected in a second tab, or after the first
    answer got lost on its way) are a further submission of the same person: kept, and never
    another lead. Raises what `patients.intake.receive` raises for answers it cannot keep.
    """
    try:
        intake.receive(payload=payload, source=SOURCE, idempotency_key=draft.key)
    except KeyReused:
        first = first_sent(draft)
        intake.receive(
            payload=payload,
            source=SOURCE,
            idempotency_key=f"{draft.key}.{_digest(payload)}",
            corrects=first.pk if first else None,
        )


def _digest(payload: dict[str, Any]) -> str:
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
