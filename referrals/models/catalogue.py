"""Clinical trials, what they are for, and where they are done."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Hospital, MedicalCondition
from portal.core.choices import country_choices
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.search import SearchQuerySet, TextSearch
from referrals.models.described import Described, ForCondition, written_well


class Recruiting(models.TextChoices):
    """Overall and site status in the words of ClinicalTrials.gov (API v2, enum Status)."""

    NOT_YET_RECRUITING = "NOT_YET_RECRUITING", _("Not yet recruiting")
    RECRUITING = "RECRUITING", _("Recruiting")
    ENROLLING_BY_INVITATION = "ENROLLING_BY_INVITATION", _("Enrolling by invitation")
    ACTIVE_NOT_RECRUITING = "ACTIVE_NOT_RECRUITING", _("Active, not recruiting")
    SUSPENDED = "SUSPENDED", _("Suspended")
    TERMINATED = "TERMINATED", _("Terminated")
    COMPLETED = "COMPLETED", _("Completed")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    AVAILABLE = "AVAILABLE", _("Available")
    NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE", _("No longer available")
    TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE", _("Temporarily not available")
    APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING", _("Approved for marketing")
    WITHHELD = "WITHHELD", _("Withheld")
    UNKNOWN = "UNKNOWN", _("Unknown")


# Nobody new is taken in any more, or for the time being.
NO_LONGER_RECRUITING = (
    Recruiting.ACTIVE_NOT_RECRUITING,
    Recruiting.SUSPENDED,
    Recruiting.TERMINATED,
    Recruiting.COMPLETED,
    Recruiting.WITHDRAWN,
    Recruiting.NO_LONGER_AVAILABLE,
    Recruiting.TEMPORARILY_NOT_AVAILABLE,
)


@tracked
class ClinicalTrial(Described):
    """A trial as a public registry describes it."""

    class Registry(models.TextChoices):
        NCT = "NCT", _("ClinicalTrials.gov")
        EUDRACT = "EUDRACT", _("EudraCT")
        EUCT = "EUCT", _("EU CTIS")
        ISRCTN = "ISRCTN", _("ISRCTN")
        OTHER = "OTHER", _("other registry")

    class StudyType(models.TextChoices):
        INTERVENTIONAL = "INTERVENTIONAL", _("Interventional")
        OBSERVATIONAL = "OBSERVATIONAL", _("Observational")

    class Phase(models.TextChoices):
        # ClinicalTrials.gov API v2, enum Phase.
        EARLY_PHASE1 = "EARLY_PHASE1", _("Early phase 1")
        PHASE1 = "PHASE1", _("Phase 1")
        PHASE2 = "PHASE2", _("Phase 2")
        PHASE3 = "PHASE3", _("Phase 3")
        PHASE4 = "PHASE4", _("Phase 4")
        NA = "NA", _("Not applicable")

    registry = models.CharField(_("registry"), max_length=10, choices=Registry.choices)
    registry_id = models.CharField(
        _("registry number"),
        max_length=50,
        unique=True,
        error_messages={"unique": _("There is already a trial with this number.")},
        help_text=_("NCT and eight digits, EudraCT, EU CT or ISRCTN number."),
    )
    study_type = models.CharField(
        _("study type"),
        max_length=20,
        choices=StudyType.choices,
        blank=True,
        default="",
        db_default="",
    )
    status = models.CharField(
        _("status"), max_length=30, choices=Recruiting.choices, default=Recruiting.UNKNOWN
    )
    phases = ArrayField(
        models.CharField(max_length=15, choices=Phase.choices),
        verbose_name=_("phases"),
        default=list,
        blank=True,
    )
    conditions = models.ManyToManyField(
        MedicalCondition,
        verbose_name=_("conditions"),
        through="TrialCondition",
        related_name="clinical_trials",
        blank=True,
    )
    has_expanded_access = models.BooleanField(
        _("expanded access"), null=True, blank=True
    )  # null: the registry does not say
    expanded_access_id = models.CharField(
        _("expanded access record"), max_length=50, blank=True, default="", db_default=""
    )
    days_to_acknowledge = models.PositiveSmallIntegerField(
        _("days to acknowledge"),
        default=5,
        db_default=5,
        help_text=_("Working days in which a site says that it received a referral."),
    )
    days_to_screen = models.PositiveSmallIntegerField(
        _("days to screening"),
        default=10,
        db_default=10,
        help_text=_("Working days from there to the first screening visit."),
    )
    days_to_outcome = models.PositiveSmallIntegerField(
        _("days to the outcome"),
        default=20,
        db_default=20,
        help_text=_("Working days from there to enrolment or screen failure."),
    )
    search = models.GeneratedField(
        expression=TextSearch("registry_id", "title", "sponsor"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("clinical trial")
        verbose_name_plural = _("clinical trials")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of("status", *Recruiting.values, name="referrals_clinicaltrial_status_known"),
            models.CheckConstraint(
                condition=~models.Q(registry="NCT") | models.Q(registry_id__regex=r"^NCT\d{8}$"),
                name="referrals_clinicaltrial_nct_number",
                violation_error_message=_("An NCT number is NCT and eight digits."),
            ),
            models.CheckConstraint(
                condition=~models.Q(registry_id=""),
                name="referrals_clinicaltrial_numbered",
                violation_error_message=_("Fill in the registry number."),
            ),
            *written_well("clinicaltrial"),
        )
        indexes = (
            GinIndex(fields=["search"], name="referrals_trial_search"),
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_trial_newest"),
            # Which trials name a condition that somebody has just placed.
            GinIndex(fields=["condition_texts"], name="referrals_trial_texts"),
        )

    class Privacy:
        none = (
            "registry",
            "registry_id",
            "status",
            "study_type",
            "phases",
            "has_expanded_access",
            "expanded_access_id",
            "days_to_acknowledge",
            "days_to_screen",
            "days_to_outcome",
            "search",
        )

    def __str__(self) -> str:
        return f"{self.registry_id} {self.title}".strip()

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_clinicaltrial_change", args=[self.pk])


@tracked
class TrialCondition(ForCondition):
    """A condition that a trial is for."""

    trial = models.ForeignKey(
        ClinicalTrial,
        verbose_name=_("trial"),
        on_delete=models.CASCADE,
        related_name="trial_conditions",
    )
    condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("condition"),
        on_delete=models.PROTECT,
        related_name="trial_conditions",
    )

    class Meta:
        verbose_name = _("condition of the trial")
        verbose_name_plural = _("conditions of the trial")
        ordering = ("condition__name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("trial", "condition"),
                name="referrals_trialcondition_once",
                violation_error_message=_("The trial has this condition already."),
            ),
        )

    class Privacy:
        none = ("trial",)


@tracked
class TrialSite(Record):
    """A place where a trial is done."""

    trial = models.ForeignKey(
        ClinicalTrial, verbose_name=_("trial"), on_delete=models.CASCADE, related_name="sites"
    )
    facility = models.CharField(
        _("facility"), max_length=500, blank=True, help_text=_("As the registry writes it.")
    )
    hospital = models.ForeignKey(
        Hospital,
        verbose_name=_("hospital"),
        on_delete=models.SET_NULL,
        null=True,  # null: not matched to a hospital of ours
        blank=True,
        related_name="trial_sites",
    )
    city = models.CharField(_("city"), max_length=200, blank=True)
    state = models.CharField(
        _("state or region"), max_length=200, blank=True, default="", db_default=""
    )
    postal_code = models.CharField(
        _("postal code"), max_length=50, blank=True, default="", db_default=""
    )
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    # Sponsors list several sites of a place under one name such as "Research Site".
    ordinal = models.PositiveSmallIntegerField(
        _("number among its namesakes"), default=1, db_default=1
    )
    status = models.CharField(
        _("status"), max_length=30, choices=Recruiting.choices, default=Recruiting.UNKNOWN
    )
    contacts = models.JSONField(_("contacts"), default=list, blank=True, db_default=[])
    unrecognised = models.JSONField(_("unknown values"), default=dict, blank=True, db_default={})

    class Meta:
        verbose_name = _("trial site")
        verbose_name_plural = _("trial sites")
        ordering = ("country", "city", "facility", "id")
        constraints = (
            one_of("status", *Recruiting.values, name="referrals_trialsite_status_known"),
            models.UniqueConstraint(
                fields=(
                    "trial",
                    "facility",
                    "city",
                    "state",
                    "postal_code",
                    "country",
                    "ordinal",
                ),
                name="referrals_trialsite_once",
                violation_error_message=_("The trial has this site already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(facility="", city="", country="", unrecognised={}),
                name="referrals_trialsite_placed",
                violation_error_message=_("Say where the site is."),
            ),
        )

    class Privacy:
        none = (
            "trial",
            "facility",
            "hospital",
            "city",
            "state",
            "postal_code",
            "country",
            "ordinal",
            "status",
            "unrecognised",
        )
        # People at the site, not patients.
        identifying = ("contacts",)

    def __str__(self) -> str:
        parts = (self.facility, self.city) if self.city or self.facility else (self.country,)
        return ", ".join(part for part in parts if part)

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_trialsite_change", args=[self.pk])
