"""Whom we may call of our own accord: nobody who has said no to it.

A no is a consent to being contacted that was refused or withdrawn, or the wish on the record not
to be contacted. It holds until they say otherwise: then their consent is recorded, and nothing has
to be set aside. Somebody about whom nothing is known may be called.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.consenting import NOES
from patients.models import Consent, Patient
from patients.overriding import demand, keep
from portal.core.errors import Missing, Refused
from portal.core.models import User

CONTACT = Consent.Purpose.CONTACT
# Both can be set aside, for somebody who asks for a call in spite of it.
OVERRIDABLE = frozenset({"do_not_contact", "contact_refused"})


def callable_among(people: Any) -> Any:
    """Those of the patients in the queryset `people` whom we may call of our own accord."""
    noes = Consent.objects.refusing(CONTACT).filter(patient=OuterRef("pk"))
    alive = people.filter(deceased_on=None).exclude(closed_reason=Patient.ClosedReason.DECEASED)
    return alive.filter(~Exists(noes), do_not_contact=False, processing_restricted=False)


def refusal(patient: Patient, *, at: datetime | None = None) -> Consent | None:
    """The no to being contacted that was in force `at` that time (now); None for none."""
    made = Consent.objects.filter(patient=patient, purpose=CONTACT, scope="")
    if at is not None:
        made = made.filter(decided_at__lte=at)
    last: Consent | None = made.order_by("-decided_at", "-id").first()
    return last if last is not None and last.decision in NOES else None


def missing(patient: Patient, *, at: datetime | None = None) -> tuple[Missing, ...]:
    """What is in the way of calling this person; empty when nothing is."""
    found = []
    if patient.do_not_contact:
        found.append(Missing("do_not_contact", _("They asked not to be contacted.")))
    if (no := refusal(patient, at=at)) is not None:
        message = _("They said no to being contacted, on %(day)s.")
        day = date_format(timezone.localdate(no.decided_at), "j M Y")
        found.append(Missing("contact_refused", message % {"day": day}))
    return tuple(found)


def demand_allowed(patient: Patient, *, by: User | None, override: str = "") -> None:
    """Raise Refused for somebody who said no to being contacted.

    Asked with the patient's row locked, so that no withdrawal comes in between. `override` says
    why a call is planned all the same; a team lead or data steward may, and it is written down.
    `by` None is the patient, over the public page, whose yes is recorded first.
    """
    against = missing(patient)
    if by is not None:
        demand(patient, against, by=by, override=override, overridable=OVERRIDABLE)
    elif against:
        raise Refused(against[0].message, code=against[0].code, missing=against)


def account_for(patient: Patient, *, at: datetime, by: User, reason: str) -> None:
    """Write down why there was a call with somebody who had said no by then.

    What happened is never refused for who did it. Raises Refused without a reason.
    """
    against = missing(patient, at=at)
    if against and not reason.strip():
        raise Refused(against[0].message, code=against[0].code, missing=against)
    keep(patient, against, by=by, reason=reason)
