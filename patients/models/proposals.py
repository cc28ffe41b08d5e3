"""What somebody told us that differs from what we have: shown to a navigator, who decides."""

from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models.patients import Patient
from patients.models.records import Submission
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record, User


class FieldProposalQuerySet(models.QuerySet[Any]):
    """Proposed changes."""

    def open(self) -> Self:
        """Those that nobody has decided on."""
        return self.filter(state=FieldProposal.State.OPEN)


@tracked
class FieldProposal(Record):
    """One value that differs from the patient's record; a navigator accepts or rejects it.

    Made by `patients.intake` when a known person fills in a form again, decided by
    `patients.proposals`. A proposal for the stage is the offer to reopen a closed patient.
    """

    class Field(models.TextChoices):
        FIRST_NAME = "first_name", _("first name")
        LAST_NAME = "last_name", _("last name")
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        COUNTRY = "country", _("country")
        LANGUAGE = "language", _("language")
        TIME_ZONE = "time_zone", _("time zone")
        MEDICAL_CONDITION = "medical_condition", _("medical condition")
        DATE_OF_BIRTH = "date_of_birth", _("date of birth")
        DECEASED_ON = "deceased_on", _("deceased on")
        VOICEMAIL = "voicemail", _("voicemail")
        DO_NOT_CONTACT = "do_not_contact", _("do not contact")
        ON_BEHALF_OF_NAME = "on_behalf_of_name", _("form filled in by")
        ON_BEHALF_OF_RELATION = "on_behalf_of_relation", _("who is the patient's")
        STAGE = "stage", _("stage")

    class State(models.TextChoices):
        OPEN = "open", _("To decide")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="proposals"
    )
    field = models.CharField(_("what"), max_length=30, choices=Field.choices)
    current_value = models.CharField(
        _("on record then"),
        max_length=300,
        blank=True,
        help_text=_("What the record said when the proposal was made."),
    )
    proposed_value = models.CharField(
        _("said"), max_length=300, blank=True, help_text=_("Blank: what is on record is not true.")
    )
    submission = models.ForeignKey(
        Submission,
        verbose_name=_("submission"),
        on_delete=models.PROTECT,
        null=True,  # null: told in another way than by a form
        blank=True,
        related_name="proposals",
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.OPEN, db_default=State.OPEN
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)  # null: open
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("decided by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="proposals_decided",
    )

    objects: ClassVar[FieldProposalQuerySet] = FieldProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("proposed change")
        verbose_name_plural = _("proposed changes")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("state", "open", "accepted", "rejected"),
                name="patients_fieldproposal_state_known",
            ),
            models.UniqueConstraint(
                fields=("patient", "field", "proposed_value"),
                condition=models.Q(state="open"),
                name="patients_fieldproposal_open_once",
                violation_error_message=_("This change is waiting for a decision already."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="patients_fieldproposal_decision_has_time",
                violation_error_message=_("A decision has a time, and only a decision."),
            ),
        )
        indexes = (
            # The queue of what is to be decided, and the list, newest first.
            models.Index(fields=["state", "-created_at"], name="patients_proposal_queue"),
            # A patient's proposals, the open ones beside the record.
            models.Index(fields=["patient", "state"], name="patients_proposal_patient"),
        )

    class Privacy:
        none = ("patient", "field", "submission", "state", "decided_at", "decided_by")
        free_text = ("current_value", "proposed_value")

    def __str__(self) -> str:
        return str(self.get_field_display())

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_fieldproposal_change", args=[self.pk])
