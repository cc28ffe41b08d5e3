"""What can be offered: clinical trials and their sites, products, expanded access programs."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Hospital, MedicalCondition
from portal.core.choices import country_choices
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.search import Fold, SearchQuerySet, TextSearch

# ClinicalTrials.gov data structure: an age is a number and a unit, blank means no limit.
AGE = r"^\d{1,4} (Year|Month|Week|Day|Hour|Minute)s?$"


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


@tracked
class ClinicalTrial(Record):
    """A trial as a public registry describes it."""

    class Registry(models.TextChoices):
        NCT = "NCT", _("ClinicalTrials.gov")
        EUDRACT = "EUDRACT", _("EudraCT")
        EUCT = "EUCT", _("EU CTIS")
        ISRCTN = "ISRCTN", _("ISRCTN")
        OTHER = "OTHER", _("other registry")

    class Sex(models.TextChoices):
        ALL = "ALL", _("All")
        FEMALE = "FEMALE", _("Female")
        MALE = "MALE", _("Male")

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
    title = models.CharField(_("title"), max_length=500, blank=True)
    sponsor = models.CharField(_("sponsor"), max_length=300, blank=True)
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
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices, default=Sex.ALL)
    minimum_age = models.CharField(
        _("minimum age"),
        max_length=20,
        blank=True,
        help_text=_("As the registry writes it, for example 18 Years or 6 Months. Blank: none."),
    )
    maximum_age = models.CharField(_("maximum age"), max_length=20, blank=True)
    criteria_text = models.TextField(_("eligibility criteria"), blank=True)
    last_confirmed_on = models.DateField(
        _("last confirmed on"), null=True, blank=True
    )  # null: never
    last_confirmed_with = models.CharField(_("last confirmed with"), max_length=200, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(minimum_age="") | models.Q(minimum_age__regex=AGE),
                name="referrals_clinicaltrial_minimum_age",
                violation_error_message=_("Write an age like 18 Years or 6 Months."),
            ),
            models.CheckConstraint(
                condition=models.Q(maximum_age="") | models.Q(maximum_age__regex=AGE),
                name="referrals_clinicaltrial_maximum_age",
                violation_error_message=_("Write an age like 18 Years or 6 Months."),
            ),
        )
        indexes = (
            GinIndex(fields=["search"], name="referrals_trial_search"),
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_trial_newest"),
        )

    class Privacy:
        none = (
            "registry",
            "registry_id",
            "title",
            "sponsor",
            "status",
            "phases",
            "sex",
            "minimum_age",
            "maximum_age",
            "criteria_text",
            "last_confirmed_on",
            "days_to_acknowledge",
            "days_to_screen",
            "days_to_outcome",
            "search",
        )
        # A contact person at the site, not a patient.
        identifying = ("last_confirmed_with",)

    def __str__(self) -> str:
        return f"{self.registry_id} {self.title}".strip()

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_clinicaltrial_change", args=[self.pk])


@tracked
class TrialCondition(Record):
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
        none = ("trial", "condition")

    def __str__(self) -> str:
        return str(self.condition)


@tracked
class TrialSite(Record):
    """A place where a trial is done."""

    trial = models.ForeignKey(
        ClinicalTrial, verbose_name=_("trial"), on_delete=models.CASCADE, related_name="sites"
    )
    facility = models.CharField(
        _("facility"), max_length=500, help_text=_("As the registry writes it.")
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
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    status = models.CharField(
        _("status"), max_length=30, choices=Recruiting.choices, default=Recruiting.UNKNOWN
    )

    class Meta:
        verbose_name = _("trial site")
        verbose_name_plural = _("trial sites")
        ordering = ("country", "city", "facility", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("trial", "facility", "city", "country"),
                name="referrals_trialsite_once",
                violation_error_message=_("The trial has this site already."),
            ),
        )

    class Privacy:
        none = ("trial", "facility", "hospital", "city", "country", "status")

    def __str__(self) -> str:
        return f"{self.facility}, {self.city}" if self.city else self.facility


@tracked
class Product(Record):
    """A medicine that is not on the market for these patients yet."""

    name = models.CharField(_("name"), max_length=200)
    substance = models.CharField(_("active substance"), max_length=200, blank=True)
    manufacturer = models.CharField(_("manufacturer"), max_length=200, blank=True)
    search = models.GeneratedField(
        expression=TextSearch("name", "substance", "manufacturer"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                Fold("name"),
                name="referrals_product_name_unique",
                violation_error_message=_("There is already a product of this name."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="referrals_product_named",
                violation_error_message=_("A product needs a name."),
            ),
        )
        indexes = (GinIndex(fields=["search"], name="referrals_product_search"),)

    class Privacy:
        none = ("name", "substance", "manufacturer", "search")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_product_change", args=[self.pk])


class EAPNumberKey(models.Func):
    """An EAP number without blanks and punctuation, in upper case: what makes two the same."""

    template = "upper(regexp_replace(%(expressions)s, '[^A-Za-z0-9]', '', 'g'))"
    output_field = models.TextField()


@tracked
class ExpandedAccessProgram(Record):
    """A program through which patients get a product outside a trial."""

    class Availability(models.TextChoices):
        # ClinicalTrials.gov's words for the status of expanded access records.
        AVAILABLE = "AVAILABLE", _("Available")
        TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE", _("Temporarily not available")
        NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE", _("No longer available")
        APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING", _("Approved for marketing")
        UNKNOWN = "UNKNOWN", _("Unknown")

    eap_number = models.CharField(_("EAP number"), max_length=100)
    title = models.CharField(_("title"), max_length=500, blank=True)
    product = models.ForeignKey(
        Product, verbose_name=_("product"), on_delete=models.PROTECT, related_name="programs"
    )
    sponsor = models.CharField(_("sponsor"), max_length=300, blank=True)
    registry_id = models.CharField(
        _("registry number"),
        max_length=50,
        blank=True,
        help_text=_("The program's own record at ClinicalTrials.gov, when it has one."),
    )
    countries = ArrayField(
        models.CharField(max_length=2, choices=country_choices),
        verbose_name=_("countries"),
        default=list,
        blank=True,
    )
    availability = models.CharField(
        _("availability"), max_length=30, choices=Availability.choices, default=Availability.UNKNOWN
    )
    last_confirmed_on = models.DateField(
        _("last confirmed on"), null=True, blank=True
    )  # null: never
    last_confirmed_with = models.CharField(_("last confirmed with"), max_length=200, blank=True)
    search = models.GeneratedField(
        expression=TextSearch("eap_number", "title", "sponsor", "registry_id"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("expanded access program")
        verbose_name_plural = _("expanded access programs")
        ordering = ("eap_number", "id")
        constraints = (
            models.UniqueConstraint(
                EAPNumberKey("eap_number"),
                name="referrals_expandedaccessprogram_number_unique",
                violation_error_message=_("There is already a program with this number."),
            ),
            models.CheckConstraint(
                condition=~models.Q(eap_number=""),
                name="referrals_expandedaccessprogram_numbered",
                violation_error_message=_("A program needs a number."),
            ),
        )
        indexes = (GinIndex(fields=["search"], name="referrals_program_search"),)

    class Privacy:
        none = (
            "eap_number",
            "title",
            "product",
            "sponsor",
            "registry_id",
            "countries",
            "availability",
            "last_confirmed_on",
            "search",
        )
        # A contact person at the sponsor, not a patient.
        identifying = ("last_confirmed_with",)

    def __str__(self) -> str:
        return self.eap_number

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_expandedaccessprogram_change", args=[self.pk])
