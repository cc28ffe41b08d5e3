"""What a trial or program demands of its patients, as a tree.

A criterion is a group of others, or one demand on one fact; `excludes` turns either round. The
verbs of `referrals.criteria` change the tree, `referrals.eligibility` evaluates it.
"""

from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Measure, MedicalCondition
from portal.core.choices import country_choices
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.catalogue import ClinicalTrial
from referrals.models.described import AGE
from referrals.models.programs import ExpandedAccessProgram

_GROUPS = ("all", "any")

# A group holds criteria of its own trial or program, and not itself, not even round about. One
# change of a tree at a time, as two that are right alone may be a circle together.
_PLACED = pgtrigger.Trigger(
    name="placed",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("above", "uuid"), ("steps", "int")],
    func=(
        "PERFORM pg_advisory_xact_lock(hashtextextended("
        "'criteria ' || coalesce(NEW.trial_id, NEW.program_id)::text, 0)); "
        "IF NEW.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM referrals_criterion p "
        "WHERE p.id = NEW.parent_id AND p.kind IN ('all', 'any') "
        "AND p.trial_id IS NOT DISTINCT FROM NEW.trial_id "
        "AND p.program_id IS NOT DISTINCT FROM NEW.program_id) "
        "OR EXISTS (SELECT 1 FROM referrals_criterion c WHERE c.parent_id = NEW.id "
        "AND (NEW.kind NOT IN ('all', 'any') OR c.trial_id IS DISTINCT FROM NEW.trial_id "
        "OR c.program_id IS DISTINCT FROM NEW.program_id)) THEN "
        "RAISE EXCEPTION 'a criterion stands in a group of its own trial or program' "
        "USING ERRCODE = 'check_violation', "
        "CONSTRAINT = 'referrals_criterion_in_group', TABLE = TG_TABLE_NAME; END IF; "
        "above := NEW.parent_id; steps := 0; "
        "WHILE above IS NOT NULL LOOP "
        "steps := steps + 1; "
        "IF above = NEW.id OR steps > 100 THEN "
        "RAISE EXCEPTION 'a group cannot stand in itself' "
        "USING ERRCODE = 'check_violation', "
        "CONSTRAINT = 'referrals_criterion_not_in_itself', TABLE = TG_TABLE_NAME; END IF; "
        "SELECT parent_id INTO above FROM referrals_criterion WHERE id = above; "
        "END LOOP; RETURN NULL;"
    ),
)


class CriterionQuerySet(models.QuerySet[Any]):
    """Criteria, in the order in which people read them."""

    def in_use(self) -> Self:
        return self.filter(is_active=True)

    def questions(self) -> Self:
        """Those that people answer."""
        return self.in_use().filter(kind=Criterion.Kind.QUESTION)


def _only_for(kind: str, filled: models.Q, empty: models.Q) -> models.Q:
    """That the columns are filled for this kind and empty for every other."""
    return models.Q(models.Q(kind=kind) & filled) | (~models.Q(kind=kind) & empty)


@pgtrigger.register(_PLACED)
@tracked
class Criterion(Record):
    """One thing that a trial or program demands or excludes, or a group of such things."""

    class Kind(models.TextChoices):
        ALL = "all", _("All of these")
        ANY = "any", _("At least one of these")
        AGE = "age", _("Age")
        SEX = "sex", _("Sex")
        CONDITION = "condition", _("Condition")
        COUNTRY = "country", _("Country")
        MEASURED = "measured", _("Measured or asked fact")
        QUESTION = "question", _("Question that people answer")

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")

    trial = models.ForeignKey(
        ClinicalTrial,
        verbose_name=_("trial"),
        on_delete=models.CASCADE,
        null=True,  # null: it is of a program
        blank=True,
        related_name="criteria",
    )
    program = models.ForeignKey(
        ExpandedAccessProgram,
        verbose_name=_("program"),
        on_delete=models.CASCADE,
        null=True,  # null: it is of a trial
        blank=True,
        related_name="criteria",
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("in the group"),
        on_delete=models.CASCADE,
        null=True,  # null: it stands by itself; all of those have to be met
        blank=True,
        related_name="children",
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0, db_default=0)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    excludes = models.BooleanField(
        _("excludes"),
        default=False,
        db_default=False,
        help_text=_("Whoever meets it cannot take part."),
    )
    text = models.CharField(
        _("question"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("For people to answer with yes or no: “Was ALS found by a neurologist?”"),
    )
    minimum_age = models.CharField(
        _("minimum age"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("For example 18 Years or 6 Months. Blank: none."),
    )
    maximum_age = models.CharField(
        _("maximum age"), max_length=20, blank=True, default="", db_default=""
    )
    sex = models.CharField(
        _("sex"), max_length=10, choices=Sex.choices, blank=True, default="", db_default=""
    )
    condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("condition"),
        on_delete=models.PROTECT,
        null=True,  # null: a criterion of another kind
        blank=True,
        related_name="criteria",
        help_text=_(
            "What the patient looks for treatment of, or a kind of it. "
            "Ask about other illnesses with a question."
        ),
    )
    countries = ArrayField(
        models.CharField(max_length=2, choices=country_choices),
        verbose_name=_("countries"),
        default=list,
        blank=True,
        db_default=[],
    )
    may_travel = models.BooleanField(_("or would travel there"), default=False, db_default=False)
    measure = models.ForeignKey(
        Measure,
        verbose_name=_("fact"),
        on_delete=models.PROTECT,
        null=True,  # null: a criterion of another kind
        blank=True,
        related_name="criteria",
    )
    minimum = models.DecimalField(
        _("at least"), max_digits=16, decimal_places=4, null=True, blank=True
    )  # null: no limit
    maximum = models.DecimalField(
        _("at most"), max_digits=16, decimal_places=4, null=True, blank=True
    )  # null: no limit
    open_ended = models.BooleanField(
        _("the limits do not count"),
        default=False,
        db_default=False,
        help_text=_("More than and less than, instead of at least and at most."),
    )
    unit = models.CharField(
        _("unit of the limits"),
        max_length=30,
        blank=True,
        default="",
        db_default="",
        help_text=_("The measure's unit when the limits were written."),
    )
    choices = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("one of"),
        default=list,
        blank=True,
        db_default=[],
        help_text=_("For a fact with a list of answers: those that count, commas between."),
    )
    max_days = models.PositiveSmallIntegerField(
        _("not older than"),
        null=True,  # null: however old
        blank=True,
        help_text=_("Days. An older fact counts as not known."),
    )
    is_active = models.BooleanField(
        _("in use"),
        default=True,
        db_default=True,
        help_text=_("Off: removed, and kept because people have answered it."),
    )

    objects: ClassVar[CriterionQuerySet] = CriterionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("eligibility criterion")
        verbose_name_plural = _("eligibility criteria")
        ordering = ("position", "id")
        constraints = (
            one_of(
                *("kind", "all", "any", "age", "sex"),
                *("condition", "country", "measured", "question"),
                name="referrals_criterion_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(trial__isnull=True) ^ models.Q(program__isnull=True),
                name="referrals_criterion_of_one",
                violation_error_message=_("It is of a trial or of a program."),
            ),
            # The trigger `placed` finds longer circles, under the same name.
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("id")),
                name="referrals_criterion_not_in_itself",
                violation_error_message=_("A group cannot stand in itself."),
            ),
            models.CheckConstraint(
                condition=_only_for("question", ~models.Q(text=""), models.Q(text="")),
                name="referrals_criterion_question_asks",
                violation_error_message=_("A question needs its words, and only a question."),
            ),
            models.CheckConstraint(
                condition=_only_for(
                    "age",
                    ~models.Q(minimum_age="", maximum_age=""),
                    models.Q(minimum_age="", maximum_age=""),
                ),
                name="referrals_criterion_age_limited",
                violation_error_message=_("Give a minimum age, a maximum age or both."),
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{name: ""}) | models.Q(**{f"{name}__regex": AGE}),
                    name=f"referrals_criterion_{name}",
                    violation_error_message=_("Write an age like 18 Years or 6 Months."),
                )
                for name in ("minimum_age", "maximum_age")
            ),
            models.CheckConstraint(
                condition=_only_for("sex", models.Q(sex__in=("female", "male")), models.Q(sex="")),
                name="referrals_criterion_sex_said",
                violation_error_message=_("Choose a sex."),
            ),
            models.CheckConstraint(
                condition=_only_for(
                    "condition", models.Q(condition__isnull=False), models.Q(condition=None)
                ),
                name="referrals_criterion_condition_said",
                violation_error_message=_("Choose a condition."),
            ),
            models.CheckConstraint(
                condition=_only_for(
                    "country",
                    models.Q(countries__len__gte=1),
                    models.Q(countries=[], may_travel=False),
                ),
                name="referrals_criterion_country_said",
                violation_error_message=_("Choose at least one country."),
            ),
            models.CheckConstraint(
                condition=_only_for(
                    "measured",
                    models.Q(measure__isnull=False),
                    models.Q(measure=None, max_days=None, minimum=None, maximum=None, choices=[]),
                ),
                name="referrals_criterion_measure_said",
                violation_error_message=_("Choose which fact is looked at."),
            ),
            models.CheckConstraint(
                condition=models.Q(minimum=None, maximum=None, unit="", open_ended=False)
                | models.Q(~models.Q(minimum=None, maximum=None), unit__gt="", choices=[]),
                name="referrals_criterion_limits_have_unit",
                violation_error_message=_("Limits are numbers in a unit."),
            ),
            models.CheckConstraint(
                condition=models.Q(minimum=None)
                | models.Q(maximum=None)
                | models.Q(minimum__lte=models.F("maximum")),
                name="referrals_criterion_limits_in_order",
                violation_error_message=_("The lower limit is above the upper one."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_criterion_newest"),
        )

    class Privacy:
        none = (
            "trial",
            "program",
            "parent",
            "position",
            "kind",
            "excludes",
            "text",
            "minimum_age",
            "maximum_age",
            "sex",
            "condition",
            "countries",
            "may_travel",
            "measure",
            "minimum",
            "maximum",
            "open_ended",
            "unit",
            "choices",
            "max_days",
            "is_active",
        )

    def __str__(self) -> str:
        return self.text or self.get_kind_display()

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_criterion_change", args=[self.pk])

    def clean(self) -> None:
        """Bring it into the form in which it is stored: blank what its kind does not say.

        Refuses limits of another kind than the values of its measure.
        """
        super().clean()
        kept = SAID.get(self.kind, ())
        for name in {name for names in SAID.values() for name in names} - set(kept):
            field: Any = Criterion._meta.get_field(name)
            setattr(self, field.name, None if field.null else field.get_default())
        self.text = " ".join(self.text.split())
        limited = self.minimum is not None or self.maximum is not None
        self.open_ended = self.open_ended and limited
        self.unit = self.measure.unit if self.measure and limited else ""
        if self.measure is not None:
            self._clean_measure(self.measure, limited=limited)

    def _clean_measure(self, measure: Measure, *, limited: bool) -> None:
        wrong: dict[str, Any] = {}
        if measure.kind == Measure.Kind.NUMBER:
            self.choices = []
            if not limited:
                wrong["minimum"] = _("Give a lower limit, an upper limit or both.")
        elif limited:
            wrong["minimum"] = _("This fact is no number, so it has no limits.")
        elif measure.kind == Measure.Kind.CHOICE:
            if not self.choices or set(self.choices) - set(measure.choices):
                known = ", ".join(measure.choices)
                wrong["choices"] = _("Choose among: %(answers)s.") % {"answers": known}
        elif self.choices:
            wrong["choices"] = _("This fact is yes or no. Leave this blank.")
        if wrong:
            raise ValidationError(wrong)

    @property
    def is_group(self) -> bool:
        """Whether it holds other criteria."""
        return self.kind in _GROUPS

    @property
    def of(self) -> ClinicalTrial | ExpandedAccessProgram:
        """The trial or program that demands it."""
        return self.trial or self.program  # type: ignore[return-value]  # a constraint says so


# What a criterion of each kind says; everything else is blank.
SAID: dict[str, tuple[str, ...]] = {
    Criterion.Kind.ALL: (),
    Criterion.Kind.ANY: (),
    Criterion.Kind.AGE: ("minimum_age", "maximum_age"),
    Criterion.Kind.SEX: ("sex",),
    Criterion.Kind.CONDITION: ("condition",),
    Criterion.Kind.COUNTRY: ("countries", "may_travel"),
    Criterion.Kind.MEASURED: (
        *("measure", "minimum", "maximum", "open_ended", "choices", "max_days"),
    ),
    Criterion.Kind.QUESTION: ("text",),
}
