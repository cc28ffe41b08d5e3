"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from patients import closing, consenting, conversion, relations
        from referrals import ending, moving, withdrawing

        relations.join(*moving.POLICIES)
        closing.join(*ending.STEPS)
        conversion.join(*ending.AFTER_CONVERSION)
        consenting.join(*withdrawing.STEPS)
