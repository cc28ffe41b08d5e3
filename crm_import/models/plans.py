"""What an import would do, found out beforehand, and what that was true of.

Written by `crm_import.planning` only.
"""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.history import append_only
from portal.core.ids import uuid7
from portal.core.models import NewId, User


class Scope(models.TextChoices):
    """What an operator says about an export: which conclusions its gaps allow."""

    DELTA = "delta", _("Only what changed")
    COMPLETE = "complete", _("Everything the CRM has")


@append_only
class ImportPlan(models.Model):
    """One plan. `fingerprint` says what it was made from, by name; `options` how it was asked for.

    `findings` is what `crm_plan --json` prints: counts, legacy ids as examples, decisions.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=NewId(), editable=False)
    source = models.CharField(_("source"), max_length=300, help_text=_("Name of the folder."))
    made_at = models.DateTimeField(_("made"), default=timezone.now, db_default=Now())
    by = models.ForeignKey(
        User,
        verbose_name=_("made by"),
        on_delete=models.PROTECT,
        null=True,  # null: made from the command line
        related_name="import_plans",
    )
    fingerprint = models.JSONField(_("fingerprint"), default=dict, db_default={})
    options = models.JSONField(_("options"), default=dict, db_default={})
    findings = models.JSONField(
        _("findings"), default=dict, encoder=DjangoJSONEncoder, db_default={}
    )
    is_blocked = models.BooleanField(
        _("blocked"),
        default=False,
        db_default=False,
        help_text=_("Somebody has to decide before it can be applied."),
    )

    class Meta:
        verbose_name = _("import plan")
        verbose_name_plural = _("import plans")
        ordering = ("-made_at", "-id")

    class Privacy:
        none = (
            *("id", "source", "made_at", "by", "fingerprint", "options", "findings"),
            "is_blocked",
        )

    def __str__(self) -> str:
        return f"{self.source}, {timezone.localtime(self.made_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_importplan_change", args=[self.pk])
