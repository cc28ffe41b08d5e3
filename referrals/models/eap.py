"""Expanded access: a patient's dossier in a program, and its steps."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Hospital, Patient, Specialist
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.physicians import demand_physician
from referrals.models.programs import ExpandedAccessProgram
from referrals.models.routes import Responsible, RouteStep, RouteTemplate


class EAPDossierQuerySet(models.QuerySet[Any]):
    """Dossiers of expanded access."""

    def open(self) -> Self:
        return self.filter(state=EAPDossier.State.OPEN)


@tracked
class EAPDossier(Record):
    """One patient's way into one expanded access program."""

    class Urgency(models.TextChoices):
        ROUTINE = "routine", _("Routine")
        URGENT = "urgent", _("Urgent")
        EMERGENCY = "emergency", _("Emergency")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    class ClosedReason(models.TextChoices):
        TREATED = "treated", _("Treatment completed")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        PROGRAM_CLOSED = "program_closed", _("Program closed")
        APPROVED_FOR_MARKETING = "approved_for_marketing", _("Product came on the market")
        ENROLLED_IN_TRIAL = "enrolled_in_trial", _("Enrolled in a trial instead")
        DECEASED = "deceased", _("Deceased")
        DUPLICATE = "duplicate", _("Another dossier in this program goes on")
        LEGACY_INACTIVE = "legacy_inactive", _("Inactive in the legacy CRM")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="eap_dossiers",
        db_index=False,  # an index of Meta begins with it
    )
    program = models.ForeignKey(
        ExpandedAccessProgram,
        verbose_name=_("program"),
        on_delete=models.PROTECT,
        related_name="dossiers",
    )
    number = models.CharField(
        _("dossier number"),
        max_length=100,
        blank=True,
        help_text=_("The number under which the sponsor knows the dossier."),
    )
    physician = models.ForeignKey(
        Specialist,
        verbose_name=_("physician"),
        on_delete=models.PROTECT,
        null=True,  # null: not known yet
        blank=True,
        related_name="eap_dossiers",
        limit_choices_to={"contact_type": "physician"},
    )
    hospital = models.ForeignKey(
        Hospital,
        verbose_name=_("hospital"),
        on_delete=models.PROTECT,
        null=True,  # null: not known yet
        blank=True,
        related_name="eap_dossiers",
    )
    route = models.ForeignKey(
        RouteTemplate,
        verbose_name=_("route"),
        on_delete=models.PROTECT,
        null=True,  # null: not chosen yet, or came from the legacy CRM
        blank=True,
        related_name="dossiers",
    )
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.ROUTINE
    )
    enrolled_on = models.DateField(_("enrolled on"), null=True, blank=True)  # null: not enrolled
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    closed_reason = models.CharField(
        _("reason for closing"), max_length=30, choices=ClosedReason.choices, blank=True
    )

    objects: ClassVar[EAPDossierQuerySet] = EAPDossierQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("EAP dossier")
        verbose_name_plural = _("EAP dossiers")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of("state", "open", "closed", name="referrals_eapdossier_state_known"),
            models.UniqueConstraint(
                fields=("patient", "program"),
                condition=models.Q(state="open"),
                name="referrals_eapdossier_one_open",
                violation_error_message=_("This patient has an open dossier in this program."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_reason__gt="")
                | models.Q(state="open", closed_reason=""),
                name="referrals_eapdossier_closed_has_reason",
                violation_error_message=_("A closed dossier has a reason, and only a closed one."),
            ),
        )
        indexes = (
            # The list, newest first; a patient's dossiers.
            models.Index(fields=["-created_at", "-id"], name="referrals_eapdossier_newest"),
            models.Index(
                fields=["patient", "-created_at", "-id"], name="referrals_eapdossier_patient"
            ),
            models.Index(fields=["state", "-created_at", "-id"], name="referrals_eapdossier_state"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="referrals_eapdossier_changed"),
        )

    class Privacy:
        none = ("patient", "physician", "hospital", "route", "state")
        identifying = ("number",)
        medical = ("program", "urgency", "enrolled_on", "closed_reason")

    def __str__(self) -> str:
        return self.number or str(self.program)

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_eapdossier_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse a physician who is none (a foreign key cannot say it)."""
        super().clean()
        demand_physician(self.physician)


@tracked
class DossierStep(Record):
    """One step of a dossier, made from a step of its route or added by hand."""

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
    title = models.CharField(_("title"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    status = models.CharField(
        _("status"), max_length=15, choices=Status.choices, default=Status.NOT_STARTED
    )
    responsible = models.CharField(
        _("who acts"),
        max_length=20,
        choices=Responsible.choices,
        default=Responsible.NAVIGATOR,
    )
    due_on = models.DateField(_("due"), null=True, blank=True)  # null: no date agreed
    submitted_on = models.DateField(_("submitted"), null=True, blank=True)  # null: not yet
    decided_on = models.DateField(_("decided"), null=True, blank=True)  # null: not yet
    valid_until = models.DateField(_("valid until"), null=True, blank=True)  # null: no end
    reference = models.CharField(_("reference number"), max_length=100, blank=True)

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
                condition=~models.Q(title=""),
                name="referrals_dossierstep_titled",
                violation_error_message=_("A step needs a title."),
            ),
        )
        indexes = (
            # What is due, soonest first.
            models.Index(fields=["due_on"], name="referrals_dossierstep_due"),
        )

    class Privacy:
        none = (
            "dossier",
            "route_step",
            "title",
            "position",
            "status",
            "responsible",
            "due_on",
            "submitted_on",
            "decided_on",
            "valid_until",
        )
        identifying = ("reference",)

    def __str__(self) -> str:
        return self.title

    def is_overdue(self, *, today: date) -> bool:
        """Whether the step was due before `today` and still waits for somebody."""
        done = {"approved", "rejected", "not_required", "waived", "expired", "cancelled"}
        return self.due_on is not None and self.due_on < today and self.status not in done


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
        """Also refuse a step of another dossier."""
        super().clean()
        if None in (self.step_id, self.needed_id) or self.step.dossier == self.needed.dossier:
            return
        message = _("That is a step of another dossier. Choose one of this dossier.")
        raise ValidationError({"needed": ValidationError(message, code="other_dossier")})
