"""How a person came to their stage, and which rule somebody set aside. Both are append-only.

Rows are written by `patients.conversion` and `patients.closing`, and by every verb that may be
told to go on although a condition does not hold.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.patients import Patient
from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User


@append_only
@tracked
class StageChange(Record):
    """One decision about a person's stage: who made it, why, and what it ended."""

    class Reason(models.TextChoices):
        # Converted, or taken back.
        PURSUE = "pursue", _("Worth pursuing")
        # Disqualified.
        NO_DIAGNOSIS = "no_diagnosis", _("No confirmed diagnosis")
        STANDARD_TREATMENT = "standard_treatment", _("Standard treatment is still possible")
        NO_OPTION = "no_option", _("No trial or program for this condition")
        TOO_ILL = "too_ill", _("Too ill to take part")
        COUNTRY = "country", _("Lives where nothing can be offered")
        NOT_A_PATIENT = "not_a_patient", _("Not a patient: press, student, company")
        SPAM = "spam", _("Spam or a test")
        # Unreachable.
        NO_ANSWER = "no_answer", _("No answer after several attempts")
        WRONG_DETAILS = "wrong_details", _("Number and address are wrong")
        # Withdrawn.
        NOT_INTERESTED = "not_interested", _("No longer interested")
        TREATED_ELSEWHERE = "treated_elsewhere", _("Treated elsewhere")
        TOO_BURDENSOME = "too_burdensome", _("Too burdensome: travel, visits, procedures")
        CONSENT_WITHDRAWN = "consent_withdrawn", _("Withdrew consent")
        # Deceased.
        DIED = "died", _("Died")
        # Completed.
        HELPED = "helped", _("In treatment, nothing left to do")
        # Reopened.
        RETURNED = "returned", _("Came back")
        NEW_OPTION = "new_option", _("A new trial or program")
        # Reopened, or a conversion taken back.
        MISTAKE = "mistake", _("Done by mistake")
        OTHER = "other", _("Another reason")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="stage_changes"
    )
    from_stage = models.CharField(_("from"), max_length=10, choices=Patient.Stage.choices)
    to_stage = models.CharField(_("to"), max_length=10, choices=Patient.Stage.choices)
    closed_reason = models.CharField(
        _("closed as"), max_length=20, choices=Patient.ClosedReason.choices, blank=True
    )
    reason = models.CharField(_("why"), max_length=20, choices=Reason.choices)
    remark = models.TextField(_("in words"), blank=True)
    changed_by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="stage_changes",
    )
    ended = models.JSONField(
        _("what it ended"),
        default=list,
        blank=True,
        db_default=[],
        help_text=_("Kinds of records and their ids, in the order in which they were ended."),
    )

    class Meta:
        verbose_name = _("change of stage")
        verbose_name_plural = _("changes of stage")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("from_stage", "lead", "patient", "closed"),
                name="patients_stagechange_from_stage_known",
            ),
            one_of(
                *("to_stage", "lead", "patient", "closed"),
                name="patients_stagechange_to_stage_known",
            ),
            models.CheckConstraint(
                condition=models.Q(to_stage="closed", closed_reason__gt="")
                | (~models.Q(to_stage="closed") & models.Q(closed_reason="")),
                name="patients_stagechange_closed_says_as_what",
                violation_error_message=_("Closing says as what, and only closing does."),
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="other") | ~models.Q(remark=""),
                name="patients_stagechange_other_in_words",
                violation_error_message=_("Say in words what the other reason is."),
            ),
        )
        indexes = (
            # A patient's way, newest first.
            models.Index(fields=["patient", "-created_at"], name="patients_stagechange_patient"),
        )

    class Privacy:
        none = ("patient", "from_stage", "to_stage", "changed_by", "ended")
        medical = ("closed_reason", "reason")
        free_text = ("remark",)

    def __str__(self) -> str:
        return f"{self.get_from_stage_display()} → {self.get_to_stage_display()}"


@append_only
@tracked
class RuleOverride(Record):
    """Somebody went on although a rule said no: who, why and which rule.

    Who may add such a row may override (see the table of roles).
    """

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="rule_overrides"
    )
    rule = models.CharField(
        _("rule"),
        max_length=50,
        help_text=_("The code of what was missing, as the refusal named it."),
    )
    reason = models.TextField(_("why"))
    overridden_by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, related_name="rule_overrides"
    )

    class Meta:
        verbose_name = _("rule set aside")
        verbose_name_plural = _("rules set aside")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(rule=""),
                name="patients_ruleoverride_says_why",
                violation_error_message=_("Say which rule is set aside, and why."),
            ),
        )
        indexes = (
            # A patient's overrides, newest first.
            models.Index(fields=["patient", "-created_at"], name="patients_ruleoverride_patient"),
        )

    class Privacy:
        none = ("patient", "rule", "overridden_by")
        free_text = ("reason",)

    def __str__(self) -> str:
        return self.rule
