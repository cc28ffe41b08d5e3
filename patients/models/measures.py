"""What can be known about a patient's health, and in which units it is said.

A lookup that data stewards let grow. `patients.observing` reads it to convert and to judge what
somebody enters.
"""

import re
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.search import Fold, SearchQuerySet, TextSearch

LOINC = "http://loinc.org"
_POWER = re.compile(r"10\*(\d+)/")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MICRO = re.compile(r"(^|/)u(?=(mol|kat|g|L)\b)")
_OWN_NAMES = {"[lb_av]": "lb", "[in_i]": "in", "[ft_i]": "ft"}


def shown_unit(unit: str) -> str:
    """A UCUM unit as people write it: `umol/L` → `µmol/L`, `10*9/L` → `×10⁹/L`, `{score}` → ``."""
    if unit in _OWN_NAMES:
        return _OWN_NAMES[unit]
    shown = unit.replace("{1.73_m2}", "1.73 m²")
    shown = re.sub(r"\{[^}]*\}", "", shown)
    shown = _POWER.sub(lambda found: f"×10{found[1].translate(_SUPERSCRIPTS)}/", shown)
    return _MICRO.sub(r"\1µ", shown)


def plain_number(number: Decimal) -> str:
    """`number` without zeros at its end: `13.2000` → `13.2`."""
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def rounded(number: Decimal) -> Decimal:
    """`number` to three digits, for one that was converted: `1.1988` → `1.20`, `365.76` → `366`."""
    if not number:
        return number
    return number.quantize(Decimal(1).scaleb(min(0, number.adjusted() - 2)))


@tracked
class Measure(Record):
    """Something that is measured or asked, such as haemoglobin or whether somebody can travel."""

    class Category(models.TextChoices):
        LAB = "lab", _("lab and test results")
        FUNCTION = "function", _("how they are doing")
        THERAPY = "therapy", _("therapies")
        OTHER = "other", _("other")

    class Kind(models.TextChoices):
        NUMBER = "number", _("number")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of a list")

    code = models.CharField(
        _("code"),
        max_length=60,
        help_text=_("Of the code system. One of our own says what it is: travel-abroad."),
    )
    code_system = models.CharField(
        _("code system"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("A URI, for LOINC http://loinc.org. Blank: a code of our own."),
    )
    name = models.CharField(_("name"), max_length=200)
    question = models.CharField(
        _("question"),
        max_length=300,
        help_text=_("What a navigator asks, in plain words: “Can they walk without help?”"),
    )
    category = models.CharField(_("category"), max_length=10, choices=Category.choices)
    kind = models.CharField(_("kind of answer"), max_length=10, choices=Kind.choices)
    unit = models.CharField(
        _("unit"),
        max_length=30,
        blank=True,
        default="",
        db_default="",
        help_text=_("UCUM: g/dL, 10*9/L, %, {score}. Every value is kept in this unit."),
    )
    choices = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("answers"),
        default=list,
        blank=True,
        db_default=[],
        help_text=_("For one of a list: the answers, with commas between."),
    )
    low = models.DecimalField(
        _("lowest plausible"),
        max_digits=16,
        decimal_places=4,
        null=True,  # null: no limit
        blank=True,
        help_text=_("What is below is refused as a slip of the pen or a wrong unit."),
    )
    high = models.DecimalField(
        _("highest plausible"),
        max_digits=16,
        decimal_places=4,
        null=True,  # null: no limit
        blank=True,
    )
    is_active = models.BooleanField(
        _("in use"),
        default=True,
        db_default=True,
        help_text=_("Off: no longer offered; what was recorded stays."),
    )
    search = models.GeneratedField(
        expression=TextSearch("name", "question", "code"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ("name", "id")
        constraints = (
            one_of(
                *("category", "lab", "function", "therapy", "other"),
                name="patients_measure_category_known",
            ),
            one_of(*("kind", "number", "yes_no", "choice"), name="patients_measure_kind_known"),
            models.UniqueConstraint(
                fields=("code_system", "code"),
                name="patients_measure_code_unique",
                violation_error_message=_("There is already a measure with this code."),
            ),
            models.UniqueConstraint(
                Fold("name"),
                name="patients_measure_name_unique",
                violation_error_message=_("There is already a measure of this name."),
            ),
            models.CheckConstraint(
                condition=~models.Q(code="") & ~models.Q(name="") & ~models.Q(question=""),
                name="patients_measure_named",
                violation_error_message=_("A measure needs a code, a name and a question."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="number", unit__gt="")
                | (~models.Q(kind="number") & models.Q(unit="", low=None, high=None)),
                name="patients_measure_unit_of_numbers",
                violation_error_message=_("A number needs a unit; only numbers have one."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="choice", choices__len__gte=2)
                | (~models.Q(kind="choice") & models.Q(choices=[])),
                name="patients_measure_answers_of_choices",
                violation_error_message=_("One of a list needs at least two answers."),
            ),
            models.CheckConstraint(
                condition=models.Q(low=None)
                | models.Q(high=None)
                | models.Q(low__lte=models.F("high")),
                name="patients_measure_limits_in_order",
                violation_error_message=_("The lowest plausible value is above the highest."),
            ),
        )
        indexes = (GinIndex(fields=["search"], name="patients_measure_search"),)

    class Privacy:
        none = (
            "code",
            "code_system",
            "name",
            "question",
            "category",
            "kind",
            "unit",
            "choices",
            "low",
            "high",
            "is_active",
            "search",
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_measure_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse what would give values that are recorded another meaning."""
        super().clean()
        self.choices = [answer.strip() for answer in self.choices or () if answer.strip()]
        if len({answer.casefold() for answer in self.choices}) < len(self.choices):
            message = _("Each answer stands in the list once.")
            raise ValidationError({"choices": ValidationError(message, code="answer_twice")})
        before = Measure.objects.filter(pk=self.pk).first()
        if before is None or not before.observations.exists():
            return
        message = _("Values are recorded already. Add another measure, and take this out of use.")
        for name in ("kind", "unit"):
            if getattr(self, name) != getattr(before, name):
                raise ValidationError({name: ValidationError(message, code="has_values")})
        if not set(before.choices) <= set(self.choices):
            raise ValidationError({"choices": ValidationError(message, code="has_values")})

    @property
    def answers(self) -> list[tuple[str, str]]:
        """The codes and words of the answers to choose from; empty for a number."""
        if self.kind == self.Kind.YES_NO:
            return [("yes", str(_("Yes"))), ("no", str(_("No")))]
        return [(answer, answer) for answer in self.choices]

    @property
    def limits(self) -> str:
        """`2 to 25 g/dL`, or from one side only; blank without limits."""
        low, high = self.low, self.high
        unit = shown_unit(self.unit)
        if low is not None and high is not None:
            said = _("%(low)s to %(high)s") % {"low": plain_number(low), "high": plain_number(high)}
        elif low is not None:
            said = _("at least %(low)s") % {"low": plain_number(low)}
        elif high is not None:
            said = _("at most %(high)s") % {"high": plain_number(high)}
        else:
            return ""
        return f"{said} {unit}".strip()


@tracked
class MeasureUnit(Record):
    """A further unit in which a measure may be said: value × factor + offset, in its own unit."""

    measure = models.ForeignKey(
        Measure,
        verbose_name=_("measure"),
        on_delete=models.CASCADE,
        related_name="units",
        db_index=False,  # a constraint of Meta begins with it
    )
    unit = models.CharField(_("unit"), max_length=30, help_text=_("UCUM: umol/L, g/L, [lb_av]."))
    factor = models.DecimalField(
        _("factor"),
        max_digits=24,
        decimal_places=12,
        help_text=_("One of this unit is how many of the measure's own?"),
    )
    offset = models.DecimalField(
        _("offset"),
        max_digits=24,
        decimal_places=12,
        default=Decimal(0),
        db_default=Decimal(0),
        help_text=_("Added after the factor; nearly always 0."),
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ("unit", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("measure", "unit"),
                name="patients_measureunit_once",
                violation_error_message=_("This measure has this unit already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(unit="") & models.Q(factor__gt=0),
                name="patients_measureunit_converts",
                violation_error_message=_("Name the unit, and a factor above 0."),
            ),
        )

    class Privacy:
        none = ("measure", "unit", "factor", "offset")

    def __str__(self) -> str:
        return self.unit

    def clean(self) -> None:
        """Also refuse the measure's own unit, and one that only numbers have."""
        super().clean()
        if self.measure.kind != Measure.Kind.NUMBER:
            message = _("Only numbers have units.")
            raise ValidationError({"unit": ValidationError(message, code="no_number")})
        if self.unit == self.measure.unit:
            message = _("This is the measure's own unit already.")
            raise ValidationError({"unit": ValidationError(message, code="own_unit")})
