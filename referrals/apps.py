"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from patients import closing, consenting, conversion, holdings, relations
        from referrals import calling_off, ending, moving, withdrawing

        relations.join(*moving.POLICIES)
        holdings.join(
            holdings.Holding("referrals.CTReferral", ("patient",)),
            holdings.Holding("referrals.ReferralChange", ("referral",)),
            holdings.Holding("referrals.EAPDossier", ("patient",)),
            holdings.Holding("referrals.DossierStep", ("dossier",)),
            holdings.Holding("referrals.DossierStepDependency", ("step", "needed")),
            holdings.Holding("referrals.Shipment", ("dossier",)),
            holdings.Holding("referrals.FollowUp", ("dossier",)),
            holdings.Holding("referrals.SafetyReport", ("dossier",)),
            holdings.Holding("referrals.SafetyReportChange", ("report",)),
            about_others={
                "referrals.ClinicalTrial": "people at trial sites",
                "referrals.TrialSite": "people at trial sites",
                "referrals.ExpandedAccessProgram": "people at sponsors",
                "referrals.RegistryRecord": "people at trial sites and sponsors",
                "referrals.SetAsideRecord": "people at trial sites and sponsors",
            },
        )
        closing.join(*ending.STEPS, *calling_off.STEPS)
        conversion.join(*ending.AFTER_CONVERSION)
        consenting.join(*withdrawing.STEPS)
