"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from patients import closing, consenting, conversion, holdings, relations
        from referrals import ending, moving, withdrawing

        relations.join(*moving.POLICIES)
        holdings.join(
            holdings.Holding("referrals.CTReferral", ("patient",)),
            holdings.Holding("referrals.ReferralChange", ("referral",)),
            holdings.Holding("referrals.EAPDossier", ("patient",)),
            holdings.Holding("referrals.DossierStep", ("dossier",)),
            holdings.Holding("referrals.DossierStepDependency", ("step", "needed")),
            holdings.Holding("referrals.StepDocument", ("step",)),
            holdings.Holding("referrals.DossierChange", ("dossier",)),
            about_others={
                "referrals.ClinicalTrial": "people at trial sites",
                "referrals.TrialSite": "people at trial sites",
                "referrals.ExpandedAccessProgram": "people at sponsors",
                "referrals.RegistryRecord": "people at trial sites and sponsors",
                "referrals.SetAsideRecord": "people at trial sites and sponsors",
            },
        )
        closing.join(*ending.STEPS)
        conversion.join(*ending.AFTER_CONVERSION)
        consenting.join(*withdrawing.STEPS)
