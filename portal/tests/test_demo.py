"""The demonstration: every list has something in it, and it is the same every time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from bookings import queues
from bookings.models import Booking, Call, TimeOff
from crm_import import importing
from crm_import.demo import write_export
from patients.models import (
    Consent,
    ErasureRequest,
    FieldProposal,
    MedicalCondition,
    Note,
    Observation,
    Patient,
    PatientMerge,
    PossibleDuplicate,
    RuleOverride,
    StageChange,
    Submission,
)
from patients.tests.factories import PatientFactory
from portal import demo
from portal.core.models import User
from portal.demo import details
from referrals.models import CTReferral, DossierStep, FollowUp, SafetyReport, Shipment

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


def test_every_list_and_queue_shows_something(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    now = timezone.now()
    source = tmp_path_factory.mktemp("crm") / "export"
    navigators = demo.make_staff()
    write_export(source, people=400, now=now)
    importing.run(source=source, by=None)
    demo.share_out(navigators)

    demo.live_through(navigators, now=now)

    filled = {
        "forms": Submission.objects.filter(source="landing_page"),
        "joined": Submission.objects.filter(source="landing_page", match="joined"),
        "proposals": FieldProposal.objects.open(),
        "offers to reopen": FieldProposal.objects.open().filter(field="stage"),
        "no to being called": Consent.objects.filter(purpose="contact", decision="refused"),
        "notes by staff": Note.objects.exclude(author=None),
        "facts": Observation.objects.filter(source="document"),
        "never called": queues.never_called(),
        "without a navigator": Patient.objects.open().filter(owner=None),
        "follow-ups": Call.objects.follow_ups_due(today=timezone.localdate(now)),
        "calls to come": Booking.objects.upcoming(now=now),
        "stages": StageChange.objects.filter(to_stage="patient"),
        "overrides": RuleOverride.objects.all(),
        "merges": PatientMerge.objects.all(),
        "pairs put off": PossibleDuplicate.objects.filter(state="later"),
        "family at one mailbox": PossibleDuplicate.objects.filter(tier="R2", state="open"),
        "erasures": ErasureRequest.objects.open(),
        "drafts": CTReferral.objects.filter(status="draft"),
        "steps": DossierStep.objects.all(),
        "medicine to order": Shipment.objects.resupply_due(today=timezone.localdate(now)),
        "medicine on its way": Shipment.objects.under_way(),
        "treatment follow-ups": FollowUp.objects.due(today=timezone.localdate(now)),
        "safety reports": SafetyReport.objects.filter(due_at__isnull=False),
        "holidays": TimeOff.objects.all(),
        # The examples of README.md.
        "found by parts of a name": Patient.objects.search("hoog wie"),
        "found by a domain": Patient.objects.search("post.example.org"),
        "found by phone digits": Patient.objects.search("9011"),
        "found by a phone": Patient.objects.search("06 0000 90"),
    }
    assert {name for name, rows in filled.items() if not rows.exists()} == set()
    busy = Booking.objects.upcoming(now=now).values_list("navigator__username", flat=True)
    assert {navigator.username for navigator in navigators} <= set(busy)


def test_details_are_the_same_every_time() -> None:
    ill = MedicalCondition.objects.get(name="Glioblastoma")
    names = [("Wouter", "Aa"), ("Håkan", "Bb"), ("Emre", "Cc"), ("Xyz", "Dd")]
    for first, last in names:
        PatientFactory(first_name=first, last_name=last, phone="", medical_condition=ill)
    columns = ("first_name", "country", "language", "phone", "date_of_birth")

    details.complete(today=TODAY)

    once = list(Patient.objects.order_by("last_name").values_list(*columns))
    assert [row[:3] for row in once] == [
        ("Wouter", "NL", "nl"),
        ("Håkan", "SE", "sv"),
        ("Emre", "DE", "de"),
        ("Xyz", "NL", "nl"),
    ]
    ages = {(TODAY - born).days // 365 for *_, born in once if born}
    assert ages
    assert min(ages) >= 38
    assert max(ages) <= 75
    details.complete(today=TODAY)
    assert list(Patient.objects.order_by("last_name").values_list(*columns)) == once


def test_two_phones_are_never_the_same() -> None:
    for number in range(30):
        PatientFactory(first_name="Wouter", last_name=f"Name {number}", phone="")

    details.complete(today=TODAY)

    phones = list(Patient.objects.exclude(phone="").values_list("phone", flat=True))
    assert len(phones) > 20
    assert len(set(phones)) == len(phones)


def test_late_in_the_evening_and_with_few_people_it_works_too() -> None:
    navigators = demo.make_staff()
    late = datetime(2026, 11, 20, 22, 50, tzinfo=UTC)

    demo.live_through(navigators, now=min(late, timezone.now()))

    assert User.objects.filter(patients__submissions__source="landing_page").exists()
    assert not Booking.objects.upcoming(now=late).filter(starts_at__lt=late + timedelta(hours=8))
