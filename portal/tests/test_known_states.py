"""A state that nobody knows would step around the constraints that ask for the known ones."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from bookings.models import Booking
from bookings.tests.factories import BookingFactory, CallFactory
from patients.tests.factories import ConsentFactory, StageChangeFactory
from referrals.tests.factories import CTReferralFactory, DossierStepFactory

pytestmark = pytest.mark.django_db


def test_second_call_at_one_time_is_not_let_in_by_another_spelling() -> None:
    booked = BookingFactory()

    with pytest.raises(IntegrityError, match="bookings_booking_status_known"):
        BookingFactory(
            patient=booked.patient,
            navigator=booked.navigator,
            starts_at=booked.starts_at + timedelta(minutes=1),
            ends_at=booked.ends_at,
            status="Booked",
        )


@pytest.mark.parametrize(
    ("factory", "column"),
    [
        (StageChangeFactory, "from_stage"),
        (ConsentFactory, "decision"),
        (CallFactory, "outcome"),
        (CTReferralFactory, "status"),
        (DossierStepFactory, "status"),
    ],
    ids=lambda value: value if isinstance(value, str) else value._meta.model.__name__,
)
def test_database_refuses_a_state_that_nobody_knows(factory: type, column: str) -> None:
    with pytest.raises(IntegrityError, match=f"{column}_known"):
        factory(**{column: "Nonsense"})


def test_update_past_the_model_is_refused_as_well() -> None:
    booking = BookingFactory()

    with pytest.raises(IntegrityError, match="status_known"):
        Booking.objects.filter(pk=booking.pk).update(status="Cancelled")
