"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Calls")

    def ready(self) -> None:
        from bookings import attempts, ending, moving, scheduling, telling, withdrawing
        from patients import closing, consenting, holdings, outgoing, relations

        relations.join(*moving.POLICIES)
        holdings.join(
            holdings.Holding("bookings.Booking", ("patient", "submission")),
            holdings.Holding("bookings.Call", ("patient",)),
            about_others={"bookings.TimeOff": "staff"},
        )
        closing.join(*ending.STEPS)
        closing.count_attempts(attempts.since_reached)
        consenting.join(*withdrawing.STEPS)
        outgoing.join(*telling.KINDS)
        scheduling.join(*telling.STEPS)
