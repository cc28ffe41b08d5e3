"""What the staff did in the last days and planned for the next, with the portal's own verbs."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from bookings import calling, scheduling
from bookings.models import Booking, Call, TimeOff
from bookings.placing import SlotTaken
from patients import (
    assigning,
    choosing,
    closing,
    consenting,
    conversion,
    erasure,
    merging,
    noting,
    reviewing,
)
from patients.models import Consent, ConsentText, Patient, PossibleDuplicate, StageChange
from portal.core.history import acting
from portal.core.models import User
from portal.demo import details, newcomers, told, treated
from referrals import dossier_steps, dossiers, referring, step_tending
from referrals.dossier_lifecycle import BY_NAME
from referrals.models import ClinicalTrial, CTReferral, EAPDossier, RouteTemplate

Outcome = Call.Outcome
_TALK = timedelta(minutes=30)
_TIMES = (time(9, 30), time(11), time(13, 30), time(15), time(16, 30))

# Which of the newcomers, how many days ago, what became of it, and what was promised for when.
_CALLED = (
    (0, 8, Outcome.REACHED, "Diagnosis confirmed in June. Wants to go on.", "Send the list", 0),
    (1, 7, Outcome.NO_ANSWER, "", "", 0),
    (1, 5, Outcome.VOICEMAIL, "Left a message without our name.", "Try again in the evening", -1),
    (2, 6, Outcome.REACHED, "Speaks some English. Sends the last scan.", "Look at the scan", 1),
    (3, 4, Outcome.THIRD_PARTY, "Her husband answered; she sleeps.", "Call after four", 0),
    (4, 3, Outcome.REACHED, "Wants to think it over with her brother.", "Ask what they say", 4),
    (5, 2, Outcome.REACHED, "Not a patient: a student who writes about us.", "", 0),
)
_FOLLOWED = (
    ("Tolerates the screening visits well.", "Ask the site for the result", -2),
    ("New address from next month on.", "Confirm the address", -1),
    ("The physician is away until Monday.", "Call the physician", 0),
    ("Has questions about travel costs.", "Send the form for travel costs", 0),
    ("Blood test done, result in a week.", "Look for the blood test", 3),
    ("Is doing better than last month.", "Call again", 12),
)
_NOTED = (
    "Prefers to be called in the afternoon.",
    "The daughter translates; ask for her first.",
    "Has sent the pathology report by post.",
    "Travels by train only: sites within two hours.",
    "The physician agreed to be called on Fridays.",
)
# The route of a dossier by the country of its patient; elsewhere the one for any country.
_ROUTES = {"US": "us-single-patient", "NL": "nl-doctors-declaration"}
_SAID = "As they told us on the phone"


@transaction.atomic
def live_through(navigators: Sequence[User], *, now: datetime) -> None:
    """Fill the days around `now`, always in the same way. `navigators` have patients already."""
    lead, steward = User.objects.get(username="lead"), User.objects.get(username="steward")
    today = timezone.localdate(now)
    with acting(by=None, reason="demonstration"):
        details.complete(today=today)
        new = newcomers.come_in(now=now)
        _call(new, navigators, now=now)
        _follow_up(navigators, now=now)
        for navigator in navigators:
            told.tell(_people(navigator, Patient.Stage.PATIENT), by=navigator, today=today)
        _decide(new, lead=lead, by=navigators[0])
        _review(by=navigators[0])
        _begin(navigators, today=today)
        treated.go_on(navigators, today=today, now=now)
        _plan(navigators, now=now)
        for closed in _closed()[1:2]:
            erasure.request(patient_id=closed.pk, by=steward, ground="consent_withdrawn")


def _at(today: date, days: int, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(today + timedelta(days=days), clock))


def _people(navigator: User, stage: Patient.Stage) -> list[Patient]:
    """The first open people of a navigator, by name."""
    own = Patient.objects.filter(owner=navigator, stage=stage).defer("search")
    return list(own.order_by("last_name", "first_name", "email")[:20])


def _closed() -> list[Patient]:
    closed = Patient.objects.filter(stage=Patient.Stage.CLOSED).defer("search")
    return list(closed.order_by("last_name", "first_name", "email")[:5])


def _call(new: Sequence[Patient], navigators: Sequence[User], *, now: datetime) -> None:
    """Most of the new leads have a navigator and were called; the last ones wait."""
    today = timezone.localdate(now)
    for place, patient in enumerate(new[:-3]):
        navigator = navigators[place % len(navigators)]
        assigning.assign(patient_id=patient.pk, navigator=navigator, by=navigator)
    for place, (who, days, outcome, summary, action, due) in enumerate(_CALLED):
        navigator = navigators[who % len(navigators)]
        calling.record(
            patient_id=new[who].pk,
            navigator_id=navigator.pk,
            started_at=_at(today, -days, _TIMES[place % len(_TIMES)]),
            outcome=outcome,
            by=navigator,
            summary=summary,
            next_action=action,
            next_action_due=today + timedelta(days=due) if action else None,
        )


def _follow_up(navigators: Sequence[User], *, now: datetime) -> None:
    """Patients were called, and what they said was written down."""
    today = timezone.localdate(now)
    text = ConsentText.objects.filter(purpose="physician", language="en").latest("valid_from")
    for navigator in navigators:
        people = _people(navigator, Patient.Stage.PATIENT)
        for place, (patient, said) in enumerate(zip(people, _FOLLOWED, strict=False)):
            summary, action, due = said
            calling.record(
                patient_id=patient.pk,
                navigator_id=navigator.pk,
                started_at=_at(today, -2 - place, _TIMES[place % len(_TIMES)]),
                outcome=Outcome.REACHED,
                by=navigator,
                summary=summary,
                next_action=action,
                next_action_due=today + timedelta(days=due),
            )
        for patient, words in zip(people[3:], _NOTED, strict=False):
            noting.write(patient_id=patient.pk, by=navigator, text=words)
        for place, patient in enumerate(people[:4]):
            consenting.record(
                consent=Consent(
                    patient=patient,
                    purpose=Consent.Purpose.PHYSICIAN,
                    decision=Consent.Decision.REFUSED if place == 3 else Consent.Decision.GIVEN,
                    text_version=text.text_version,
                    language=text.language,
                    method=Consent.Method.PHONE,
                    obtained_by=navigator,
                ),
                by=navigator,
            )


def _decide(new: Sequence[Patient], *, lead: User, by: User) -> None:
    """A lead became a patient, another one without a call, and one was no patient at all."""
    conversion.convert(patient_id=new[0].pk, by=by)
    why = "Known to the team from the clinic."
    conversion.convert(patient_id=new[6].pk, by=lead, override=why)
    closing.disqualify(patient_id=new[5].pk, by=by, reason=StageChange.Reason.NOT_A_PATIENT)
    for closed in _closed()[2:3]:
        closing.reopen(patient_id=closed.pk, by=by, reason=StageChange.Reason.NEW_OPTION)


def _review(*, by: User) -> None:
    """Of the pairs that the import left, one was merged, one is two people, one was put off."""
    pairs = PossibleDuplicate.objects.filter(second_patient__isnull=False, state="open")
    by_name = pairs.order_by("first_patient__last_name", "first_patient__first_name")
    like = list(by_name.filter(tier=PossibleDuplicate.Tier.R4)[:1])
    for pair in like:
        one, other = pair.people
        survivor, _why = choosing.proposed_survivor(one, other)  # type: ignore[arg-type]
        loser = other if survivor is one else one
        merging.merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by, reason="A typing mistake")
    states = (PossibleDuplicate.State.DIFFERENT, PossibleDuplicate.State.LATER)
    family = by_name.filter(tier=PossibleDuplicate.Tier.R2)
    for pair, state in zip(family[:2], states, strict=False):
        reviewing.decide(duplicate_id=pair.pk, decision=state, by=by)


def _begin(navigators: Sequence[User], *, today: date) -> None:
    """Referrals that are being prepared, and the way of some dossiers."""
    for navigator in navigators:
        for patient in _people(navigator, Patient.Stage.PATIENT)[6:8]:
            fits = ClinicalTrial.objects.filter(
                referrals__patient__medical_condition=patient.medical_condition_id
            ).exclude(referrals__patient=patient)
            for trial in fits.order_by("registry_id").distinct()[:1]:
                draft = CTReferral(patient=patient, trial=trial)
                referring.begin(referral=draft, by=navigator)
    led = EAPDossier.objects.open().filter(patient__stage=Patient.Stage.PATIENT)
    for dossier in led.select_related("patient__owner").order_by("number", "pk")[:6]:
        by = dossier.patient.owner or navigators[0]
        code = _ROUTES.get(dossier.patient.country, "generic")
        route = RouteTemplate.objects.filter(code=code, is_active=True).latest("revision")
        dossiers.choose_route(dossier_id=dossier.pk, route_id=route.pk, by=by)
        for step in dossier.steps.filter(days=None, within_days=None).order_by("position"):
            step_tending.plan(step_id=step.pk, by=by, days=7 * step.position, remark=_SAID)
        begun = dossier.steps.filter(needs=None).earliest("position")
        dossier_steps.take(BY_NAME["prepare"], step_id=begun.pk, by=by)


def _plan(navigators: Sequence[User], *, now: datetime) -> None:
    """Calls of today and the next working days, and a holiday."""
    today = timezone.localdate(now)
    days = [n for n in range(9) if n == 0 or (today + timedelta(days=n)).isoweekday() < 6]
    for place, navigator in enumerate(navigators):
        leads = Patient.objects.leads().filter(owner=navigator, initial_consult_at=None)
        booked = Booking.objects.upcoming(now=now).values("patient")
        waiting = iter(
            leads.exclude(pk__in=booked)
            .exclude(consents__decision=Consent.Decision.REFUSED)
            .order_by("-first_contact_at", "last_name", "first_name")[:20]
        )
        for day in days:
            for clock in _TIMES[(place + day) % 2 :: 2]:
                starts_at = _at(today, day, clock)
                patient = next(waiting, None) if starts_at > now else None
                if patient is not None:
                    _book(patient, navigator, starts_at)
    away = navigators[-1]
    TimeOff.objects.create(
        navigator=away,
        starts_at=_at(today, 14, time.min),
        ends_at=_at(today, 19, time.min),
        reason="Holiday",
    )


def _book(patient: Patient, navigator: User, starts_at: datetime) -> None:
    """Book the call, unless the import brought one for that time."""
    try:
        scheduling.book(
            patient_id=patient.pk,
            navigator_id=navigator.pk,
            starts_at=starts_at,
            ends_at=starts_at + _TALK,
            by=navigator,
        )
    except SlotTaken:
        return
