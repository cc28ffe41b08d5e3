"""What trials and expanded access programs have in common: what a registry tells about them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models import MedicalCondition
from portal.core.models import Record

# ClinicalTrials.gov data structure: an age is a number and a unit, blank means no limit.
AGE = r"^\d{1,4} (Year|Month|Week|Day|Hour|Minute)s?$"
# A completion may be known to the month only, or to the year.
PARTIAL_DATE = r"^\d{4}(-\d{2}){0,2}$"


class AgeInDays(models.Func):
    """An age as a registry writes it in days, so that ages compare; null for no limit.

    A year has 365.25 days and twelve months, as a comparison of different units needs. Whether
    somebody is old enough is worked out from their birthday, not from this.
    """

    template = (
        "CASE WHEN (%(expressions)s) ~ '^\\d+ (Year|Month|Week|Day|Hour|Minute)s?$' "
        "THEN split_part(%(expressions)s, ' ', 1)::numeric "
        "* CASE rtrim(split_part(%(expressions)s, ' ', 2), 's') WHEN 'Year' THEN 365.25 "
        "WHEN 'Month' THEN 30.4375 WHEN 'Week' THEN 7 WHEN 'Day' THEN 1 "
        "WHEN 'Hour' THEN 1 / 24.0 ELSE 1 / 1440.0 END END"
    )
    output_field = models.DecimalField(max_digits=12, decimal_places=4)


def comparable(field: str) -> Any:
    """The generated column that makes the age in `field` comparable."""
    return models.GeneratedField(
        expression=AgeInDays(field),
        output_field=models.DecimalField(max_digits=12, decimal_places=4, null=True),
        db_persist=True,
    )


def written_well(label: str) -> tuple[models.CheckConstraint, ...]:
    """The constraints of ages and dates, named for the table of the model `label`."""

    def like(field: str, pattern: str, message: Any) -> models.CheckConstraint:
        return models.CheckConstraint(
            condition=models.Q(**{field: ""}) | models.Q(**{f"{field}__regex": pattern}),
            name=f"referrals_{label}_{field}",
            violation_error_message=message,
        )

    age = _("Write an age like 18 Years or 6 Months.")
    return (
        like("minimum_age", AGE, age),
        like("maximum_age", AGE, age),
        like("completion_date", PARTIAL_DATE, _("Write a date like 2026-05-31 or 2026-05.")),
    )


class Described(Record):
    """A trial or program in the words of a registry, and what we add to it."""

    class Sex(models.TextChoices):
        ALL = "ALL", _("All")
        FEMALE = "FEMALE", _("Female")
        MALE = "MALE", _("Male")

    title = models.CharField(_("title"), max_length=500, blank=True)
    official_title = models.TextField(_("official title"), blank=True, default="", db_default="")
    sponsor = models.CharField(_("sponsor"), max_length=300, blank=True)
    org_study_id = models.CharField(
        _("sponsor's own number"), max_length=200, blank=True, default="", db_default=""
    )
    secondary_ids = ArrayField(
        models.CharField(max_length=300),
        verbose_name=_("other numbers"),
        default=list,
        blank=True,
        db_default=[],
    )
    condition_texts = ArrayField(
        models.TextField(),
        verbose_name=_("conditions as the registry writes them"),
        default=list,
        blank=True,
        db_default=[],
    )
    # A list of objects with `type`, `name` and `other_names`.
    interventions = models.JSONField(_("interventions"), default=list, blank=True, db_default=[])

    sex = models.CharField(
        _("sex"), max_length=10, choices=Sex.choices, default=Sex.ALL, db_default="ALL"
    )
    minimum_age = models.CharField(
        _("minimum age"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("As the registry writes it, for example 18 Years or 6 Months. Blank: none."),
    )
    maximum_age = models.CharField(
        _("maximum age"), max_length=20, blank=True, default="", db_default=""
    )
    minimum_days = comparable("minimum_age")
    maximum_days = comparable("maximum_age")
    healthy_volunteers = models.BooleanField(
        _("takes healthy volunteers"), null=True, blank=True
    )  # null: the registry does not say
    criteria_text = models.TextField(
        _("eligibility criteria"), blank=True, default="", db_default=""
    )

    first_posted_on = models.DateField(_("first posted"), null=True, blank=True)  # null: not said
    last_update_posted_on = models.DateField(
        _("registry updated"), null=True, blank=True
    )  # null: not said
    completion_date = models.CharField(
        _("completion"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("A day, a month or a year: 2026-05-31, 2026-05 or 2026."),
    )
    # People to ask, as the registry names them: objects with `name`, `role`, `phone`, `email`.
    contacts = models.JSONField(_("contacts"), default=list, blank=True, db_default=[])
    # Values of the registry that we do not know: lists, by what they are of ("phases").
    unrecognised = models.JSONField(_("unknown values"), default=dict, blank=True, db_default={})

    last_confirmed_on = models.DateField(
        _("last confirmed on"), null=True, blank=True
    )  # null: never
    last_confirmed_with = models.CharField(_("last confirmed with"), max_length=200, blank=True)
    notes = models.TextField(_("our notes"), blank=True, default="", db_default="")

    class Meta:
        abstract = True

    class Privacy:
        none = (
            "title",
            "official_title",
            "sponsor",
            "org_study_id",
            "secondary_ids",
            "condition_texts",
            "interventions",
            "sex",
            "minimum_age",
            "maximum_age",
            "minimum_days",
            "maximum_days",
            "healthy_volunteers",
            "criteria_text",
            "first_posted_on",
            "last_update_posted_on",
            "completion_date",
            "unrecognised",
            "last_confirmed_on",
        )
        # People at trial sites and sponsors, not patients.
        identifying = ("contacts", "last_confirmed_with")
        free_text = ("notes",)


class ForCondition(Record):
    """A condition that something in the catalogue is for."""

    class Origin(models.TextChoices):
        REGISTRY = "registry", _("trial registry")
        STAFF = "staff", _("entered here")

    condition: models.ForeignKey[MedicalCondition, MedicalCondition]
    origin = models.CharField(
        _("origin"),
        max_length=10,
        choices=Origin.choices,
        default=Origin.STAFF,
        db_default="staff",
        help_text=_("What the registry named goes when the registry drops it."),
    )

    class Meta:
        abstract = True

    class Privacy:
        none = ("condition", "origin")

    def __str__(self) -> str:
        return str(self.condition)
