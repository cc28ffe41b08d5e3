"""Who was told of an adverse event, when, and what."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.history import append_only, tracked
from portal.core.models import Record, User
from referrals.models.safety import SafetyReport


@append_only
@tracked
class SafetyReportChange(Record):
    """One thing that happened to a safety report: who was told what, when, and by whom."""

    report = models.ForeignKey(
        SafetyReport,
        verbose_name=_("safety report"),
        on_delete=models.PROTECT,
        related_name="changes",
    )
    action = models.SlugField(_("what happened"), max_length=30)
    happened_at = models.DateTimeField(_("when"))
    remark = models.TextField(_("in words"), blank=True)
    packet = models.JSONField(
        _("what was told"),
        default=dict,
        blank=True,
        db_default={},
        help_text=_("Without names: the dossier's number stands for the patient."),
    )
    changed_by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, related_name="safety_report_changes"
    )

    class Meta:
        verbose_name = _("step of a safety report")
        verbose_name_plural = _("steps of safety reports")
        ordering = ("-created_at", "-id")
        indexes = (
            # The way of one report, newest first.
            models.Index(fields=["report", "-created_at"], name="referrals_safetychange_of"),
        )

    class Privacy:
        none = ("report", "action", "happened_at", "changed_by")
        free_text = ("remark", "packet")

    def __str__(self) -> str:
        return self.action
