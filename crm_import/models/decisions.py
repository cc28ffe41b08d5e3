"""What people decided about legacy rows. Runs read it, also those after a rollback.

Written by `crm_import.correcting` and `crm_import.remembering`, and never changed: a later line
says otherwise.
"""

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_import.models.runs import Entity, ImportRun
from portal.core.constraints import one_of
from portal.core.history import append_only
from portal.core.models import User


@append_only
class Correction(models.Model):
    """What a person said about a row in quarantine: how it should have read, or to leave it out.

    The row itself stays as it came. Corrected cells make a further row of the archive
    (`replacement`), which counts until the CRM sends a newer version.
    """

    class Kind(models.TextChoices):
        FIX = "fix", _("Corrected")
        WAIVE = "waive", _("Left out")

    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    row = models.BigIntegerField(_("row of the archive"))
    # null: the row has no usable id
    legacy_id = models.UUIDField(_("legacy id"), null=True)
    kind = models.CharField(_("what was decided"), max_length=10, choices=Kind.choices)
    cells = models.JSONField(_("corrected cells"), default=dict, blank=True)
    # null: the row was left out
    replacement = models.BigIntegerField(_("corrected row of the archive"), null=True)
    reason = models.TextField(_("why"))
    by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, related_name="crm_corrections"
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    run = models.ForeignKey(
        ImportRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="corrections"
    )

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ("-id",)
        constraints = (
            one_of("kind", "fix", "waive", name="crm_import_correction_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="waive", replacement=None)
                | models.Q(kind="fix", replacement__isnull=False),
                name="crm_import_correction_makes_a_row",
                violation_error_message=_("A correction makes a row; leaving out makes none."),
            ),
        )
        indexes = (
            # What was decided about this row? Every run asks it, and the page of the row.
            models.Index(fields=["entity", "row"], name="crm_import_correction_row"),
            # The page of the corrected row.
            models.Index(fields=["entity", "replacement"], name="crm_import_correction_made"),
        )

    class Privacy:
        none = (
            *("id", "entity", "row", "legacy_id", "kind", "replacement"),
            *("by", "at", "run"),
        )
        free_text = ("cells", "reason")

    def __str__(self) -> str:
        return f"{self.entity} {self.legacy_id or self.row}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_correction_change", args=[self.pk])


@append_only
class PairDecision(models.Model):
    """What people decided about the two people behind two legacy rows.

    The pair in the review queue goes when one of its records goes (a merge, a rollback). This
    stays, so that the next run does what was decided. The last line about two ids counts.
    """

    class Decision(models.TextChoices):
        SAME = "same", _("Same person")
        DIFFERENT = "different", _("Not the same person")
        LATER = "later", _("Put off")

    first_id = models.UUIDField(_("legacy id"))
    second_id = models.UUIDField(_("other legacy id"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, related_name="crm_pairs_decided"
    )
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("decision about a pair")
        verbose_name_plural = _("decisions about pairs")
        ordering = ("-id",)
        constraints = (
            one_of(
                *("decision", "same", "different", "later"),
                name="crm_import_pairdecision_decision_known",
            ),
            models.CheckConstraint(
                condition=models.Q(first_id__lt=models.F("second_id")),
                name="crm_import_pairdecision_is_a_pair",
                violation_error_message=_("Name two different rows, the lower id first."),
            ),
        )
        indexes = (
            # The last decision about two ids.
            models.Index(fields=["first_id", "second_id"], name="crm_import_pairdecision_pair"),
        )

    class Privacy:
        none = ("id", "first_id", "second_id", "decision", "by", "at")

    def __str__(self) -> str:
        return f"{self.first_id} / {self.second_id}: {self.get_decision_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_pairdecision_change", args=[self.pk])
