"""What public registries told us: their records, and what of them a person has to look at."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import MedicalCondition
from portal.core.history import tracked
from portal.core.models import Record, User
from portal.core.search import Fold
from referrals.models.catalogue import ClinicalTrial
from referrals.models.programs import ExpandedAccessProgram


@tracked
class RegistryRecord(Record):
    """The record of a trial or program at a registry, as it was when it was last read.

    An import compares with it, so that what somebody changed here is not taken back.
    """

    class Shape(models.TextChoices):
        API = "api", _("ClinicalTrials.gov API v2 (JSON)")
        XML = "xml", _("ClinicalTrials.gov XML (older)")
        CSV = "csv", _("ClinicalTrials.gov CSV download")

    registry_id = models.CharField(_("registry number"), max_length=50, unique=True)
    trial = models.OneToOneField(
        ClinicalTrial,
        verbose_name=_("trial"),
        on_delete=models.CASCADE,
        null=True,  # null: it is of a program
        blank=True,
        related_name="registry_record",
    )
    program = models.OneToOneField(
        ExpandedAccessProgram,
        verbose_name=_("program"),
        on_delete=models.CASCADE,
        null=True,  # null: it is of a trial
        blank=True,
        related_name="registry_record",
    )
    source = models.CharField(_("read from"), max_length=255)
    shape = models.CharField(_("shape"), max_length=5, choices=Shape.choices)
    said = models.JSONField(_("what it says"), default=dict)

    class Meta:
        verbose_name = _("registry record")
        verbose_name_plural = _("registry records")
        ordering = ("-updated_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(trial__isnull=True) ^ models.Q(program__isnull=True),
                name="referrals_registryrecord_of_one",
                violation_error_message=_("It is of a trial or of a program."),
            ),
        )

    class Privacy:
        none = ("registry_id", "trial", "program", "source", "shape")
        # With the contacts of the study.
        identifying = ("said",)

    def __str__(self) -> str:
        return self.registry_id


class UnplacedConditionQuerySet(models.QuerySet[Any]):
    """Names of conditions that registries use."""

    def open(self) -> Self:
        return self.filter(state=UnplacedCondition.State.OPEN)


@tracked
class UnplacedCondition(Record):
    """A condition as a registry writes it, that is none of the names we know."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        LINKED = "linked", _("Linked")
        IGNORED = "ignored", _("Ignored")

    name = models.TextField(_("as the registry writes it"))
    spellings = ArrayField(models.TextField(), verbose_name=_("spellings"), default=list)
    folded = models.GeneratedField(
        expression=Fold("name"), output_field=models.TextField(), db_persist=True
    )
    mentions = models.PositiveIntegerField(
        _("trials and programs"), default=0, help_text=_("How many named it when it was last read.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("condition"),
        on_delete=models.SET_NULL,
        null=True,  # null: not linked
        blank=True,
        related_name="registry_names",
    )
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,  # null: nobody, or an import that found the name among ours
        blank=True,
        related_name="conditions_placed",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)  # null: not yet

    objects: ClassVar[UnplacedConditionQuerySet] = UnplacedConditionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("condition to place")
        verbose_name_plural = _("conditions to place")
        ordering = ("-mentions", "-id")
        constraints = (
            models.UniqueConstraint(
                Fold("name"),
                name="referrals_unplacedcondition_once",
                violation_error_message=_("This name is in the list already."),
            ),
        )
        indexes = (
            # The queue, what concerns most trials first.
            models.Index(fields=["state", "-mentions", "-id"], name="referrals_unplaced_queue"),
        )

    class Privacy:
        none = (
            "name",
            "spellings",
            "folded",
            "mentions",
            "state",
            "condition",
            "decided_by",
            "decided_at",
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_unplacedcondition_change", args=[self.pk])


class SetAsideQuerySet(models.QuerySet[Any]):
    """Records that an import could not use."""

    def open(self) -> Self:
        return self.filter(is_open=True)


@tracked
class SetAsideRecord(Record):
    """A record of a registry that an import could not use, whole, and why."""

    class Reason(models.TextChoices):
        UNREADABLE = "unreadable", _("cannot be read")
        NO_NUMBER = "no_number", _("has no valid NCT number")
        TOO_LONG = "too_long", _("a value is longer than the catalogue holds")
        AMBIGUOUS = "ambiguous", _("several programs have its number")
        OTHER_KIND = "other_kind", _("was a trial and is a program now, or the other way round")

    source = models.CharField(_("read from"), max_length=255)
    place = models.CharField(_("place in the file"), max_length=255)
    registry_id = models.CharField(_("registry number"), max_length=50, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    content = models.TextField(_("the record"))
    digest = models.CharField(
        _("fingerprint"),
        max_length=64,
        unique=True,
        help_text=_("Of reason and content, so that it is set aside once."),
    )
    is_open = models.BooleanField(_("to be looked at"), default=True)

    objects: ClassVar[SetAsideQuerySet] = SetAsideQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("record set aside")
        verbose_name_plural = _("records set aside")
        ordering = ("-id",)

    class Privacy:
        none = ("source", "place", "registry_id", "reason", "detail", "digest", "is_open")
        # With the contacts of the study.
        identifying = ("content",)

    def __str__(self) -> str:
        return f"{self.source}, {self.place}"

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_setasiderecord_change", args=[self.pk])
