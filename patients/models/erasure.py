"""Requests to erase a person, what they came to, and the ids that answer "erased" ever after.

Written by `patients.erasure` only. None of it names the person: an id without anybody behind it,
numbers, and codes. `SoughtValue` is the exception, and lives only until nothing was found.
"""

from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User


class ErasureRequestQuerySet(models.QuerySet[Any]):
    """Requests to erase somebody."""

    def open(self) -> Self:
        """Those with which somebody still has something to do."""
        over = (ErasureRequest.State.VERIFIED, ErasureRequest.State.WITHDRAWN)
        return self.exclude(state__in=over)


@tracked
class ErasureRequest(Record):
    """One person's erasure: asked for, approved by somebody else, executed, and verified."""

    class Ground(models.TextChoices):
        # GDPR article 17(1) a to f, and 5(1)(e).
        NOT_NEEDED = "not_needed", _("Data no longer needed (art. 17(1)(a))")
        CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn (art. 17(1)(b))")
        OBJECTION = "objection", _("Objection to the use (art. 17(1)(c))")
        UNLAWFUL = "unlawful", _("Used unlawfully (art. 17(1)(d))")
        OBLIGATION = "obligation", _("A law demands it (art. 17(1)(e))")
        CHILD = "child", _("Collected from a child (art. 17(1)(f))")
        RETENTION_OVER = "retention_over", _("Retention period is over (art. 5(1)(e))")

    class State(models.TextChoices):
        PLANNED = "planned", _("To approve")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        APPROVED = "approved", _("Approved, not executed")
        FAILED = "failed", _("Failed, nothing was erased")
        FILES_LEFT = "files_left", _("Files still to delete")
        ERASED = "erased", _("Erased, not verified")
        TRACES_LEFT = "traces_left", _("Traces were found")
        VERIFIED = "verified", _("Erased and verified")

    # No foreign key: the person will be gone.
    patient_id = models.UUIDField(_("patient"))
    former_ids = ArrayField(
        models.UUIDField(), verbose_name=_("ids merged into it"), default=list, blank=True
    )
    ground = models.CharField(_("legal ground"), max_length=20, choices=Ground.choices)
    reference = models.CharField(
        _("reference"),
        max_length=100,
        blank=True,
        help_text=_("Where the request is filed, such as a case number. No name, no address."),
    )
    requested_by = models.ForeignKey(
        User,
        verbose_name=_("requested by"),
        on_delete=models.PROTECT,
        related_name="erasures_requested",
    )
    plan = models.JSONField(_("plan"), default=dict, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.PLANNED
    )
    approved_by = models.ForeignKey(
        User,
        verbose_name=_("approved by"),
        on_delete=models.PROTECT,
        null=True,  # null: not approved
        blank=True,
        related_name="erasures_approved",
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)  # null: likewise
    # A kind of error and where it happened, without a value.
    failure = models.CharField(_("what failed"), max_length=200, blank=True)
    executed_by = models.ForeignKey(
        User,
        verbose_name=_("executed by"),
        on_delete=models.PROTECT,
        null=True,  # null: not executed
        blank=True,
        related_name="erasures_executed",
    )
    executed_at = models.DateTimeField(_("executed"), null=True, blank=True)  # null: likewise
    files_left = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("files still to delete"),
        default=list,
        blank=True,
    )
    verified_by = models.ForeignKey(
        User,
        verbose_name=_("verified by"),
        on_delete=models.PROTECT,
        null=True,  # null: not verified
        blank=True,
        related_name="erasures_verified",
    )
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)  # null: likewise
    certificate = models.JSONField(_("certificate"), default=dict, blank=True)

    objects: ClassVar[ErasureRequestQuerySet] = ErasureRequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("state", "planned", "withdrawn", "approved", "failed", "files_left"),
                *("erased", "traces_left", "verified"),
                name="patients_erasurerequest_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("requested_by")),
                name="patients_erasurerequest_second_person",
                violation_error_message=_("Somebody else has to approve what you requested."),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("planned", "withdrawn"))
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="patients_erasurerequest_approved_first",
                violation_error_message=_("An erasure is approved before it is executed."),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("planned", "withdrawn", "approved", "failed"))
                | models.Q(executed_by__isnull=False, executed_at__isnull=False),
                name="patients_erasurerequest_executed_first",
                violation_error_message=_("Say who executed the erasure, and when."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="verified", verified_at__isnull=False, files_left=[])
                | (~models.Q(state="verified") & models.Q(verified_at=None)),
                name="patients_erasurerequest_verified_says_when",
                violation_error_message=_("Verified says when, and that no file is left."),
            ),
            models.UniqueConstraint(
                fields=("patient_id",),
                condition=~models.Q(state="withdrawn"),
                name="patients_erasurerequest_once",
                violation_error_message=_("There is a request for this person already."),
            ),
        )
        indexes = (
            # The list, newest first, and its filter.
            models.Index(fields=["-created_at", "-id"], name="patients_erasure_newest"),
            models.Index(fields=["state", "-created_at"], name="patients_erasure_state"),
        )

    class Privacy:
        none = (
            "patient_id",
            "former_ids",
            "ground",
            "reference",
            "requested_by",
            "plan",
            "state",
            "approved_by",
            "approved_at",
            "failure",
            "executed_by",
            "executed_at",
            "files_left",
            "verified_by",
            "verified_at",
            "certificate",
        )

    def __str__(self) -> str:
        asked = timezone.localdate(self.created_at)
        return f"{asked:%Y-%m-%d}, {self.get_ground_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_erasurerequest_change", args=[self.pk])

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Every id that this person has or had."""
        return (self.patient_id, *self.former_ids)


@append_only
@tracked
class ErasedPatient(Record):
    """An id whose person was erased. The database takes no patient under it any more."""

    old_id = models.UUIDField(_("id"), unique=True)
    request = models.ForeignKey(
        ErasureRequest,
        verbose_name=_("erasure"),
        on_delete=models.PROTECT,
        related_name="erased_ids",
    )

    class Meta:
        verbose_name = _("erased patient")
        verbose_name_plural = _("erased patients")
        ordering = ("-created_at", "-id")

    class Privacy:
        none = ("old_id", "request")

    def __str__(self) -> str:
        return str(self.old_id)


class SoughtValue(models.Model):
    """One value of an erased person that must be found nowhere; gone once it was not found."""

    class Kind(models.TextChoices):
        ID = "id", _("id")
        LEGACY_ID = "legacy_id", _("legacy id")
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")
        NAME = "name", _("full name")
        TEXT = "text", _("text")

    request = models.ForeignKey(
        ErasureRequest,
        verbose_name=_("erasure"),
        on_delete=models.PROTECT,
        related_name="sought_values",
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.TextField(_("value"))

    class Meta:
        verbose_name = _("value looked for")
        verbose_name_plural = _("values looked for")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("request", "kind", "value"),
                name="patients_soughtvalue_once",
                violation_error_message=_("This value is looked for already."),
            ),
        )

    class Privacy:
        none = ("id", "request", "kind")
        identifying = ("value",)

    def __str__(self) -> str:
        return str(self.get_kind_display())
