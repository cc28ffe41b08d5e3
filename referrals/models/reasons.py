"""The coded reasons of referrals."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why somebody was not referred, not taken, or did not stay in a trial."""

    # Not eligible, or failed at screening: the headings of eligibility criteria.
    AGE = "age", _("Age")
    DIAGNOSIS = "diagnosis", _("Diagnosis or subtype")
    STAGE = "stage", _("Stage or too late after diagnosis")
    PRIOR_TREATMENT = "prior_treatment", _("Earlier treatment")
    PERFORMANCE = "performance", _("Performance status")
    LAB = "lab", _("Lab values or organ function")
    COMORBIDITY = "comorbidity", _("Other illness or medication")
    GENETICS = "genetics", _("Genetic or molecular test")
    DISTANCE = "distance", _("Distance or travel")
    # Declined by the patient, or withdrew.
    BURDEN = "burden", _("Visits and procedures are too much")
    SIDE_EFFECTS = "side_effects", _("Side effects, or fear of them")
    PLACEBO = "placebo", _("Does not want a placebo")
    OTHER_OPTION = "other_option", _("Chose another option")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Withdrew consent")
    # Declined by the site, or the trial closed.
    FULL = "full", _("No places left")
    NOT_SUITABLE = "not_suitable", _("Not suitable in the site's judgement")
    SITE_CLOSED = "site_closed", _("The site takes part no more")
    STOPPED = "stopped", _("The trial was stopped")
    RECRUITED = "recruited", _("Recruitment has ended")
    # Lost.
    NO_ANSWER = "no_answer", _("No answer any more")
    # Discontinued.
    PROGRESSION = "progression", _("The illness progressed")
    PHYSICIAN = "physician", _("The physician's decision")
    PREGNANCY = "pregnancy", _("Pregnancy")
    OTHER = "other", _("Another reason")


# Why somebody does not fit a trial, before the referral or at screening.
UNFIT = (
    Reason.AGE,
    Reason.DIAGNOSIS,
    Reason.STAGE,
    Reason.PRIOR_TREATMENT,
    Reason.PERFORMANCE,
    Reason.LAB,
    Reason.COMORBIDITY,
    Reason.GENETICS,
    Reason.DISTANCE,
    Reason.OTHER,
)
