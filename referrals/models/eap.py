"""Expanded access: a patient's dossier in a program. Its state is changed by verbs only."""

from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Hospital, Patient, Specialist
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.physicians import demand_physician
from referrals.models.programs import ExpandedAccessProgram
from referrals.models.routes import RouteTemplate


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
        OTHER = "other", _("Another reason")
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
        help_text=_("Who treated the patient when something was last sent."),
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

    progressed_at = models.DateTimeField(
        _("last step taken"), null=True, blank=True
    )  # null: none since it was opened

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
        none = ("patient", "physician", "hospital", "route", "state", "progressed_at")
        identifying = ("number",)
        medical = ("program", "urgency", "enrolled_on", "closed_reason")

    def __str__(self) -> str:
        return self.number or str(self.program)

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_eapdossier_change", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return bool(self.state == self.State.OPEN)

    def clean(self) -> None:
        """Also refuse a physician who is none (a foreign key cannot say it)."""
        super().clean()
        demand_physician(self.physician)
