"""The steps of a dossier, what each waits for, and the documents that go along."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Document
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.eap import EAPDossier
from referrals.models.routes import (
    PlannedStep,
    Responsible,
    RouteStep,
    known_plan,
    refuse_circle,
)


class DossierStepQuerySet(models.QuerySet[Any]):
    """Steps, in the words of the people who wait for them."""

    def waiting(self) -> Self:
        """Something has to be done for them, in a dossier that is open."""
        return self.filter(status__in=DossierStep.WAITING, dossier__state=EAPDossier.State.OPEN)

    def overdue(self, *, today: date) -> Self:
        """They should have been done before `today`."""
        return self.waiting().filter(due_on__lt=today)

    def silent(self, *, today: date) -> Self:
        """Sent, and whoever has it is to be asked again."""
        return self.waiting().filter(status=DossierStep.Status.SUBMITTED, ask_again_on__lt=today)

    def running_out(self, *, until: date) -> Self:
        """Approved, in a dossier that is open, and valid until that day or a day before it."""
        return self.filter(
            status=DossierStep.Status.APPROVED,
            valid_until__lte=until,
            dossier__state=EAPDossier.State.OPEN,
        )

    def actionable(self) -> Self:
        """Waiting steps all of whose needs are met."""
        unmet = DossierStepDependency.objects.filter(step=models.OuterRef("pk")).exclude(
            needed__status__in=DossierStep.DONE
        )
        return self.waiting().filter(~models.Exists(unmet))

    def held_by(self, who: str) -> Self:
        """Steps that wait for `who` to act: for the receiver once they are sent."""
        sent = models.When(
            status=DossierStep.Status.SUBMITTED,
            then=Coalesce(NullIf("goes_to", models.Value("")), "responsible"),
        )
        holder = models.Case(sent, default="responsible", output_field=models.CharField())
        return self.actionable().alias(holder_now=holder).filter(holder_now=who)


@tracked
class DossierStep(PlannedStep):
    """One step of a dossier, made from a step of its route or added by hand.

    It keeps what its route said on the day it was made: a later change of the route is not for it.
    """

    class Status(models.TextChoices):
        NOT_STARTED = "not_started", _("Not started")
        IN_PREPARATION = "in_preparation", _("In preparation")
        SUBMITTED = "submitted", _("Submitted")
        QUESTIONS = "questions", _("Questions to answer")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        NOT_REQUIRED = "not_required", _("Not required")
        WAIVED = "waived", _("Waived")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    # Somebody has to do something.
    WAITING: ClassVar[tuple[str, ...]] = ("not_started", "in_preparation", "submitted", "questions")
    # What comes after it can begin.
    DONE: ClassVar[tuple[str, ...]] = ("approved", "not_required", "waived")

    dossier = models.ForeignKey(
        EAPDossier, verbose_name=_("dossier"), on_delete=models.PROTECT, related_name="steps"
    )
    route_step = models.ForeignKey(
        RouteStep,
        verbose_name=_("step of the route"),
        on_delete=models.PROTECT,
        null=True,  # null: added by hand
        blank=True,
        related_name="dossier_steps",
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    status = models.CharField(
        _("status"), max_length=15, choices=Status.choices, default=Status.NOT_STARTED
    )
    status_since = models.DateField(
        _("in this status since"), null=True, blank=True
    )  # null: since the dossier was opened
    due_on = models.DateField(_("due"), null=True, blank=True)  # null: no date agreed
    ask_again_on = models.DateField(
        _("ask again on"), null=True, blank=True
    )  # null: nobody has to answer
    submitted_on = models.DateField(_("submitted"), null=True, blank=True)  # null: not yet
    decided_on = models.DateField(_("decided"), null=True, blank=True)  # null: not yet
    valid_until = models.DateField(_("valid until"), null=True, blank=True)  # null: no end
    reference = models.CharField(_("reference number"), max_length=100, blank=True)

    objects: ClassVar[DossierStepQuerySet] = DossierStepQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("dossier step")
        verbose_name_plural = _("dossier steps")
        ordering = ("dossier", "position", "id")
        constraints = (
            one_of(
                *("status", "not_started", "in_preparation", "submitted", "questions"),
                *("approved", "rejected", "not_required", "waived", "expired", "cancelled"),
                name="referrals_dossierstep_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_on=None)
                | models.Q(submitted_on=None)
                | models.Q(decided_on__gte=models.F("submitted_on")),
                name="referrals_dossierstep_decided_after_submitted",
                violation_error_message=_("The decision is dated before the submission."),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None)
                | models.Q(decided_on=None)
                | models.Q(valid_until__gte=models.F("decided_on")),
                name="referrals_dossierstep_valid_after_decided",
                violation_error_message=_("It would end before it was decided."),
            ),
            models.CheckConstraint(
                condition=~models.Q(title=""),
                name="referrals_dossierstep_titled",
                violation_error_message=_("A step needs a title."),
            ),
            *known_plan("dossierstep"),
        )
        indexes = (
            # What is due, soonest first.
            models.Index(fields=["due_on"], name="referrals_dossierstep_due"),
            # The queue of those who keep silent, the longest first.
            models.Index(
                fields=["ask_again_on", "id"],
                condition=models.Q(status="submitted"),
                name="referrals_dossierstep_silent",
            ),
            # The queue of approvals that run out, the first one first.
            models.Index(
                fields=["valid_until", "id"],
                condition=models.Q(status="approved"),
                name="referrals_dossierstep_valid",
            ),
        )

    class Privacy:
        none = (
            "dossier",
            "route_step",
            "position",
            "status",
            "status_since",
            "due_on",
            "ask_again_on",
            "submitted_on",
            "decided_on",
            "valid_until",
        )
        identifying = ("reference",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_dossierstep_change", args=[self.pk])

    def get_status_display(self) -> str:  # type: ignore[no-redef]  # in place of Django's
        return self.said_of(self.status)

    def said_of(self, status: str) -> str:
        """A status of this step in words. What nobody decides on is done, not approved."""
        if status == self.Status.APPROVED and not self.is_sent:
            return str(_("Done"))
        return str(self.Status(status).label)

    def has_run_out(self, *, today: date) -> bool:
        """Whether it was approved for a time that is over."""
        return (
            self.status == self.Status.APPROVED
            and self.valid_until is not None
            and self.valid_until < today
        )

    @property
    def is_sent(self) -> bool:
        """Whether something is sent to somebody, who decides."""
        return self.goes_to != ""

    @property
    def holder(self) -> Responsible | None:
        """Who has to act next; None when nobody has to."""
        if self.status not in self.WAITING:
            return None
        if self.status == self.Status.SUBMITTED and self.goes_to:
            return Responsible(self.goes_to)
        return Responsible(self.responsible)


# A step waits for steps of its own dossier. It takes two other rows to see that, so no CHECK can.
_ONE_DOSSIER = pgtrigger.Trigger(
    name="one_dossier",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=(
        "IF (SELECT dossier_id FROM referrals_dossierstep WHERE id = NEW.step_id) IS DISTINCT FROM "
        "(SELECT dossier_id FROM referrals_dossierstep WHERE id = NEW.needed_id) THEN "
        "RAISE EXCEPTION 'steps of two dossiers' USING ERRCODE = 'check_violation', "
        "CONSTRAINT = 'referrals_dossierstepdependency_one_dossier', TABLE = TG_TABLE_NAME; "
        "END IF; RETURN NEW;"
    ),
)


@pgtrigger.register(_ONE_DOSSIER)
@tracked
class DossierStepDependency(Record):
    """A step of a dossier that must be done before another can begin."""

    step = models.ForeignKey(
        DossierStep, verbose_name=_("step"), on_delete=models.CASCADE, related_name="needs"
    )
    needed = models.ForeignKey(
        DossierStep, verbose_name=_("needs"), on_delete=models.CASCADE, related_name="needed_by"
    )

    class Meta:
        verbose_name = _("dependency between dossier steps")
        verbose_name_plural = _("dependencies between dossier steps")
        ordering = ("step", "needed")
        constraints = (
            models.UniqueConstraint(
                fields=("step", "needed"),
                name="referrals_dossierstepdependency_once",
                violation_error_message=_("This dependency is there already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(step=models.F("needed")),
                name="referrals_dossierstepdependency_not_itself",
                violation_error_message=_("A step cannot wait for itself."),
            ),
        )

    class Privacy:
        none = ("step", "needed")

    def __str__(self) -> str:
        return f"{self.step} ← {self.needed}"

    def clean(self) -> None:
        """Also refuse a step of another dossier, and a circle."""
        super().clean()
        if None in (self.step_id, self.needed_id):
            return
        if self.step.dossier_id != self.needed.dossier_id:
            message = _("That is a step of another dossier. Choose one of this dossier.")
            raise ValidationError({"needed": ValidationError(message, code="other_dossier")})
        refuse_circle(self)


@tracked
class StepDocument(Record):
    """A document of the patient that is what a step asks for."""

    step = models.ForeignKey(
        DossierStep, verbose_name=_("step"), on_delete=models.CASCADE, related_name="attached"
    )
    name = models.CharField(_("asked for"), max_length=100)
    document = models.ForeignKey(
        Document, verbose_name=_("document"), on_delete=models.PROTECT, related_name="steps"
    )

    class Meta:
        verbose_name = _("document of a step")
        verbose_name_plural = _("documents of steps")
        ordering = ("step", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("step", "name"),
                name="referrals_stepdocument_once",
                violation_error_message=_("This step has a document for that already."),
            ),
        )

    class Privacy:
        none = ("step", "name", "document")

    def __str__(self) -> str:
        return self.name
