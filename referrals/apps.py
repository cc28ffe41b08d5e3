"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from patients import asking as next_call
        from patients import closing, consenting, conversion, holdings, observing, relations
        from referrals import asking, calling_off, ending, moving, reassessing, withdrawing

        relations.join(*moving.POLICIES)
        relations.follow_with(*reassessing.AFTER_MERGE)
        holdings.join(
            holdings.Holding("referrals.CTReferral", ("patient",)),
            holdings.Holding("referrals.ReferralChange", ("referral",)),
            holdings.Holding("referrals.CriterionAnswer", ("patient",)),
            holdings.Holding("referrals.Assessed", ("patient",)),
            holdings.Holding(
                "referrals.OptionsReport",
                ("patient",),
                withheld={"html": "The same report is among the files, as a PDF."},
            ),
            holdings.Holding("referrals.EAPDossier", ("patient",)),
            holdings.Holding("referrals.DossierStep", ("dossier",)),
            holdings.Holding("referrals.DossierStepDependency", ("step", "needed")),
            holdings.Holding("referrals.Shipment", ("dossier",)),
            holdings.Holding("referrals.FollowUp", ("dossier",)),
            holdings.Holding("referrals.SafetyReport", ("dossier",)),
            holdings.Holding("referrals.SafetyReportChange", ("report",)),
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
        closing.join(*ending.STEPS, *calling_off.STEPS)
        conversion.join(*ending.AFTER_CONVERSION)
        consenting.join(*withdrawing.STEPS)
        observing.join(*reassessing.STEPS)
        next_call.join(*asking.ASKERS)
