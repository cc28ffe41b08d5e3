"""What was counted again and signed, and the rows that a rollback took back."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_import.models.runs import ImportRun, RowOutcome
from portal.core.history import append_only
from portal.core.ids import uuid7
from portal.core.models import User


@append_only
class Verification(models.Model):
    """One time that everything was counted again, as it was found then.

    `result` is the contract of `crm_verify --json`: ids, codes and numbers only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(
        ImportRun,
        verbose_name=_("last run"),
        on_delete=models.PROTECT,
        related_name="verifications",
    )
    made_at = models.DateTimeField(_("counted"), default=timezone.now)
    by = models.ForeignKey(
        User,
        verbose_name=_("counted by"),
        on_delete=models.PROTECT,
        null=True,  # null: from the command line
        related_name="verifications",
    )
    is_deep = models.BooleanField(
        _("field by field"), help_text=_("Every field was compared, not only counted.")
    )
    adds_up = models.BooleanField(_("adds up"))
    result = models.JSONField(_("result"), encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ("-made_at", "-id")

    class Privacy:
        none = ("id", "run", "made_at", "by", "is_deep", "adds_up", "result")

    def __str__(self) -> str:
        return f"{self.run.source}, {timezone.localtime(self.made_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_verification_change", args=[self.pk])


@append_only
class VerificationSignature(models.Model):
    """Somebody stands for a reconciliation as it was counted. Signing again is another row."""

    verification = models.ForeignKey(
        Verification,
        verbose_name=_("reconciliation"),
        on_delete=models.PROTECT,
        related_name="signatures",
    )
    signed_at = models.DateTimeField(_("signed"), default=timezone.now)
    by = models.ForeignKey(
        User, verbose_name=_("signed by"), on_delete=models.PROTECT, related_name="+"
    )
    remark = models.CharField(
        _("remark"),
        max_length=1000,
        blank=True,
        help_text=_("What was decided, and on what condition. No names of patients."),
    )

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ("-signed_at", "-id")

    class Privacy:
        none = ("id", "verification", "signed_at", "by")
        free_text = ("remark",)

    def __str__(self) -> str:
        return f"{self.by}, {timezone.localtime(self.signed_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_verificationsignature_change", args=[self.pk])


class TakenBack(models.Model):
    """A legacy row that does not count, because the run that placed it was taken back.

    It stays in the archive. When an export brings it again it counts again, and its line goes.
    `outcome` and `reason` are what the run had done with it; of a label there is none.
    """

    run = models.ForeignKey(
        ImportRun,
        verbose_name=_("rollback"),
        on_delete=models.PROTECT,
        related_name="taken_back",
        db_index=False,  # as many rows as the run that was taken back; its report has the counts
        db_constraint=False,  # written with the run in one transaction; runs are not deleted
    )
    entity = models.CharField(_("table"), max_length=30)
    row = models.BigIntegerField(_("row of the archive"), help_text=_("Within its table."))
    legacy_id = models.UUIDField(_("legacy id"), null=True)  # null: unusable, or a label
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=RowOutcome.Outcome.choices, blank=True
    )
    reason = models.CharField(_("reason"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("row taken back")
        verbose_name_plural = _("rows taken back")
        ordering = ("-id",)
        constraints = (
            # Does this row count? Every import asks it.
            models.UniqueConstraint(fields=("row", "entity"), name="crm_import_takenback_once"),
        )
        indexes = (
            # Search in the admin, and erasure.
            models.Index(fields=["legacy_id"], name="crm_import_takenback_legacy"),
        )

    class Privacy:
        none = ("id", "run", "entity", "row", "legacy_id", "outcome", "reason")

    def __str__(self) -> str:
        return f"{self.entity} {self.legacy_id or self.row}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_takenback_change", args=[self.pk])
