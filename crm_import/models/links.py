"""What the migration learnt: legacy ids and ours, meanings of option values, links that wait."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_import.models.runs import Entity, ImportRun
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import User

# The option sets that rows are understood by; of others the CRM may have any number. The last is
# none of the CRM's: names that look invented (`crm_import.meanings`).
ASKED_ABOUT = (
    *("contact_type", "product", "medical_condition", "eligible", "ct_outcome"),
    "invented_name",
)


class Crosswalk(models.Model):
    """This legacy id became (a part of) that record of ours, and by which rule.

    `target_model` is a model label ("patients.patient"). `slot` tells apart several records made
    from one legacy row: the booking's time, the trial's number.
    """

    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    legacy_id = models.UUIDField(_("legacy id"))
    target_model = models.CharField(_("kind of record"), max_length=60)
    target_id = models.UUIDField(_("record"))
    slot = models.CharField(_("which one"), max_length=60, blank=True, default="", db_default="")
    rule = models.CharField(_("rule"), max_length=40)
    run = models.ForeignKey(
        ImportRun,
        verbose_name=_("run"),
        on_delete=models.PROTECT,
        related_name="crosswalk",
        db_index=False,  # nobody asks for all legacy ids of a run
        db_constraint=False,  # written with the run in one transaction; runs are not deleted
    )

    class Meta:
        verbose_name = _("legacy id")
        verbose_name_plural = _("legacy ids")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("legacy_id", "entity", "target_model", "slot"),
                name="crm_import_crosswalk_once",
            ),
        )
        indexes = (
            # "Which legacy rows is this record made from?"
            models.Index(fields=["target_id"], name="crm_import_crosswalk_target"),
        )

    class Privacy:
        none = ("id", "entity", "legacy_id", "target_model", "target_id", "slot", "rule", "run")

    def __str__(self) -> str:
        return f"{self.entity} {self.legacy_id}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_crosswalk_change", args=[self.pk])


class PendingLink(models.Model):
    """A link in the legacy data that leads nowhere yet. Every run tries it again."""

    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    legacy_id = models.UUIDField(_("legacy id"))
    field = models.CharField(_("field"), max_length=50)
    missing_id = models.UUIDField(_("missing legacy id"))
    run = models.ForeignKey(
        ImportRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="pending_links"
    )

    class Meta:
        verbose_name = _("pending link")
        verbose_name_plural = _("pending links")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "legacy_id", "field"), name="crm_import_pendinglink_once"
            ),
        )

    class Privacy:
        none = ("id", "entity", "legacy_id", "field", "missing_id", "run")

    def __str__(self) -> str:
        return f"{self.entity} {self.legacy_id} {self.field}"


class OptionValueQuerySet(models.QuerySet[Any]):
    """Values of the option sets of the CRM."""

    def waiting(self) -> Self:
        """Values that rows have and that nobody has decided on; the most frequent first."""
        return self.filter(
            state=OptionValue.State.PROPOSED, option_set__in=ASKED_ABOUT, seen__gt=0
        ).order_by("-seen", "option_set", "value")


@tracked
class OptionValue(models.Model):
    """One value of a legacy option set and what it means here.

    A label that is a known word is approved by the rule (`decided_by` is null); what only looks
    like one is proposed, and means nothing until somebody approves it (`crm_import.deciding`).
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Means nothing")

    option_set = models.CharField(_("option set"), max_length=50)
    value = models.CharField(
        _("value"), max_length=300, help_text=_("The number, or the word where rows have words.")
    )
    labels = ArrayField(models.CharField(max_length=300), verbose_name=_("labels"), default=list)
    meaning = models.CharField(
        _("meaning"),
        max_length=50,
        blank=True,
        help_text=_("A word of the portal, or the id of the record. Blank: not known."),
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.PROPOSED,
        db_default=State.PROPOSED,
    )
    seen = models.PositiveIntegerField(
        _("rows"), default=0, db_default=0, help_text=_("Rows of the archive that have it.")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)  # null: by the rule, or not decided
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("decided by"),
        on_delete=models.SET_NULL,
        null=True,  # null: likewise
        related_name="option_values_decided",
    )
    run = models.ForeignKey(
        ImportRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="option_values"
    )
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, db_default=Now())

    objects: ClassVar[OptionValueQuerySet] = OptionValueQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("value map")
        verbose_name_plural = _("value maps")
        ordering = ("option_set", "value")
        constraints = (
            models.UniqueConstraint(
                fields=("option_set", "value"), name="crm_import_optionvalue_once"
            ),
            one_of(
                *("state", "proposed", "approved", "rejected"),
                name="crm_import_optionvalue_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(meaning=""),
                name="crm_import_optionvalue_approved_means_something",
                violation_error_message=_("Say what the value means, or that it means nothing."),
            ),
        )

    class Privacy:
        none = (
            *("id", "option_set", "value", "labels", "meaning", "state", "seen"),
            *("decided_at", "decided_by", "run", "version", "updated_at"),
        )
        not_in_history = ("seen",)

    def __str__(self) -> str:
        return f"{self.option_set} {self.value}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_optionvalue_change", args=[self.pk])
