"""Products that are not on the market, and the programs through which patients get them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import MedicalCondition
from portal.core.choices import country_choices
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.search import Fold, SearchQuerySet, TextSearch
from referrals.models.described import Described, ForCondition, written_well


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
class ExpandedAccessProgram(Described):
    """A program through which patients get a product outside a trial."""

    class Availability(models.TextChoices):
        # ClinicalTrials.gov's words for the status of expanded access records.
        AVAILABLE = "AVAILABLE", _("Available")
        TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE", _("Temporarily not available")
        NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE", _("No longer available")
        APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING", _("Approved for marketing")
        UNKNOWN = "UNKNOWN", _("Unknown")

    class Access(models.TextChoices):
        INDIVIDUAL = "individual", _("Individual patients")
        INTERMEDIATE = "intermediate", _("Intermediate-size population")
        TREATMENT = "treatment", _("Treatment IND or protocol")

    eap_number = models.CharField(_("EAP number"), max_length=100)
    product = models.ForeignKey(
        Product,
        verbose_name=_("product"),
        on_delete=models.PROTECT,
        null=True,  # null: the registry does not name it; people have to
        related_name="programs",
    )
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
    access_types = ArrayField(
        models.CharField(max_length=15, choices=Access.choices),
        verbose_name=_("kinds of access"),
        default=list,
        blank=True,
        db_default=[],
    )
    # Ours, for a program that says nothing: order, release by the sponsor, import, cold transport.
    days_to_resupply = models.PositiveSmallIntegerField(
        _("days to resupply"),
        default=15,
        db_default=15,
        help_text=_("Working days from the order to the delivery. Counts from the next delivery."),
    )
    conditions = models.ManyToManyField(
        MedicalCondition,
        verbose_name=_("conditions"),
        through="ProgramCondition",
        related_name="access_programs",
        blank=True,
    )
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
            *written_well("expandedaccessprogram"),
        )
        indexes = (
            GinIndex(fields=["search"], name="referrals_program_search"),
            # Which programs name a condition that somebody has just placed.
            GinIndex(fields=["condition_texts"], name="referrals_program_texts"),
            # Where patients of a country get something.
            GinIndex(fields=["countries"], name="referrals_program_countries"),
            # The program of a registry's record.
            models.Index(fields=["registry_id"], name="referrals_program_registry"),
        )

    class Privacy:
        none = (
            "eap_number",
            "product",
            "registry_id",
            "countries",
            "availability",
            "access_types",
            "days_to_resupply",
            "search",
        )

    def __str__(self) -> str:
        return self.eap_number

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_expandedaccessprogram_change", args=[self.pk])


@tracked
class ProgramCondition(ForCondition):
    """A condition that a program is for."""

    program = models.ForeignKey(
        ExpandedAccessProgram,
        verbose_name=_("program"),
        on_delete=models.CASCADE,
        related_name="program_conditions",
    )
    condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("condition"),
        on_delete=models.PROTECT,
        related_name="program_conditions",
    )

    class Meta:
        verbose_name = _("condition of the program")
        verbose_name_plural = _("conditions of the program")
        ordering = ("condition__name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("program", "condition"),
                name="referrals_programcondition_once",
                violation_error_message=_("The program has this condition already."),
            ),
        )

    class Privacy:
        none = ("program",)
