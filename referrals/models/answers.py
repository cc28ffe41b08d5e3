"""What people say of the criteria of a trial or program, and what the criteria came to.

Rows are written once and never changed, by `referrals.criteria` and `referrals.reassessing`; the
newest counts.
"""

from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Observation, Patient
from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User
from referrals.models.catalogue import ClinicalTrial
from referrals.models.criteria import Criterion
from referrals.models.programs import ExpandedAccessProgram


class CriterionAnswerQuerySet(models.QuerySet[Any]):
    """Answers, in the words of the people who use them."""

    def newest(self) -> Self:
        """The newest of each patient and criterion; it may say “ask again”."""
        last = ("patient_id", "criterion_id", "-created_at", "-id")
        return self.order_by(*last).distinct("patient_id", "criterion_id")


@append_only
@tracked
class CriterionAnswer(Record):
    """What somebody said about one criterion for one patient. The newest counts."""

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="criterion_answers",
        db_index=False,  # an index of Meta begins with it
    )
    criterion = models.ForeignKey(
        Criterion, verbose_name=_("criterion"), on_delete=models.PROTECT, related_name="answers"
    )
    met = models.BooleanField(
        _("answer"), null=True, blank=True, help_text=_("Yes or no; unknown asks again.")
    )  # null: to be asked again
    said_on = models.DateField(_("said on"))
    source = models.CharField(_("source"), max_length=15, choices=Observation.Source.choices)
    recorded_by = models.ForeignKey(
        User,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="criterion_answers",
    )

    objects: ClassVar[CriterionAnswerQuerySet] = CriterionAnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("answer to a criterion")
        verbose_name_plural = _("answers to criteria")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("source", "patient_said", "document", "physician", "ehr"),
                name="referrals_criterionanswer_source_known",
            ),
        )
        indexes = (
            # The newest answer of a patient to each criterion.
            models.Index(
                fields=["patient", "criterion", "-created_at", "-id"],
                name="referrals_answer_newest_of",
            ),
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_answer_newest"),
        )

    class Privacy:
        none = ("patient", "criterion", "said_on", "source", "recorded_by")
        medical = ("met",)

    def __str__(self) -> str:
        if self.met is None:
            return str(_("ask again"))
        return str(_("yes") if self.met else _("no"))

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_criterionanswer_change", args=[self.pk])


class AssessedQuerySet(models.QuerySet[Any]):
    """Results, in the words of the people who read them."""

    def newest(self) -> Self:
        """The newest of each patient and trial or program."""
        last = ("patient_id", "trial_id", "program_id", "-created_at", "-id")
        return self.order_by(*last).distinct("patient_id", "trial_id", "program_id")

    def of(self, offer: ClinicalTrial | ExpandedAccessProgram) -> Self:
        """Those of one trial or program."""
        is_trial = isinstance(offer, ClinicalTrial)
        return self.filter(trial=offer) if is_trial else self.filter(program=offer)


@append_only
@tracked
class Assessed(Record):
    """What the criteria of a trial or program came to for a patient, and what was new in it.

    A row is written when the result differs from the one before; the first one has no changes.
    """

    class Verdict(models.TextChoices):
        MET = "met", _("meets all criteria")
        NOT_MET = "not_met", _("does not fit")
        UNKNOWN = "unknown", _("not known yet")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="assessments",
        db_index=False,  # an index of Meta begins with it
    )
    trial = models.ForeignKey(
        ClinicalTrial,
        verbose_name=_("trial"),
        on_delete=models.PROTECT,
        null=True,  # null: a program
        blank=True,
        related_name="assessments",
    )
    program = models.ForeignKey(
        ExpandedAccessProgram,
        verbose_name=_("program"),
        on_delete=models.PROTECT,
        null=True,  # null: a trial
        blank=True,
        related_name="assessments",
    )
    verdict = models.CharField(_("result"), max_length=10, choices=Verdict.choices)
    # One object per criterion: criterion, label, verdict, fact, as_of, source.
    findings = models.JSONField(_("criteria"), default=list, blank=True, db_default=[])
    # What is different from the row before: criterion, label, was, is, fact, as_of.
    changes = models.JSONField(_("what changed"), default=list, blank=True, db_default=[])

    objects: ClassVar[AssessedQuerySet] = AssessedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("result of the criteria")
        verbose_name_plural = _("results of the criteria")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("verdict", "met", "not_met", "unknown"),
                name="referrals_assessed_verdict_known",
            ),
            models.CheckConstraint(
                condition=models.Q(trial__isnull=True) ^ models.Q(program__isnull=True),
                name="referrals_assessed_of_one",
                violation_error_message=_("It is of a trial or of a program."),
            ),
        )
        indexes = (
            # The results of a patient for each trial and program, newest first.
            models.Index(
                fields=["patient", "trial", "program", "-created_at", "-id"],
                name="referrals_assessed_newest_of",
            ),
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_assessed_newest"),
        )

    class Privacy:
        none = ("patient",)
        medical = ("trial", "program", "verdict", "findings", "changes")

    def __str__(self) -> str:
        return self.get_verdict_display()

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_assessed_change", args=[self.pk])

    @property
    def offer_id(self) -> UUID:
        """The id of the trial or program."""
        return self.trial_id or self.program_id  # type: ignore[return-value]  # one of them is set

    @property
    def offer(self) -> ClinicalTrial | ExpandedAccessProgram:
        """The trial or program."""
        return self.trial or self.program  # type: ignore[return-value]  # one of them is set
