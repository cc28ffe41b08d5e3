"""Calls that were really made. They are recorded by `bookings.calling` and not overwritten."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from bookings.models.planned import Booking
from bookings.models.roster import NAVIGATORS
from patients.models import Patient
from portal.core.constraints import one_of
from portal.core.history import UNSEALED, tracked
from portal.core.models import Record, User


class CallQuerySet(models.QuerySet[Any]):
    """Calls that were made, in the words of the people who make them."""

    def current(self) -> Self:
        """Without those that a later record of the same call corrects."""
        # Few calls correct another: asked for by name, they are looked up, and not every call read.
        corrections = Call.objects.filter(
            supersedes__isnull=False, supersedes=models.OuterRef("pk")
        )
        return self.filter(~models.Exists(corrections))

    def tried(self) -> Self:
        """Calls in vain since which nobody has spoken to the patient."""
        spoken = Call.objects.current().filter(
            patient=models.OuterRef("patient"), started_at__gte=models.OuterRef("started_at")
        )
        spoken = spoken.exclude(outcome__in=Call.IN_VAIN)
        return self.current().filter(~models.Exists(spoken), outcome__in=Call.IN_VAIN)

    def follow_ups_due(self, *, today: date) -> Self:
        """The last call of somebody who is not closed, when what it promised is due."""
        later = Call.objects.current().filter(
            patient=models.OuterRef("patient"), started_at__gt=models.OuterRef("started_at")
        )
        due = self.current().filter(~models.Exists(later), next_action_due__lte=today)
        return due.exclude(patient__stage=Patient.Stage.CLOSED)


# Rule of the house: no call is overwritten. A merge moves it, erasure takes it away.
_KEPT = pgtrigger.Trigger(
    name="kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=(
        f"IF current_setting('{UNSEALED}', true) <> '' OR TG_OP = 'UPDATE' AND "
        "NEW.outcome = OLD.outcome AND NEW.started_at = OLD.started_at THEN "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
        "RAISE EXCEPTION 'a call is not overwritten' USING ERRCODE = 'restrict_violation', "
        "CONSTRAINT = 'bookings_call_kept', TABLE = TG_TABLE_NAME;"
    ),
)


@pgtrigger.register(_KEPT)
@tracked
class Call(Record):
    """A call that was really made, with or without a booking. A second call is a second row.

    When and with what outcome is said once. A mistake is corrected by a further row that
    supersedes this one.
    """

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        THIRD_PARTY = "third_party", _("Somebody else answered")
        VOICEMAIL = "voicemail", _("Voicemail")
        NO_ANSWER = "no_answer", _("No answer")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        REFUSED = "refused", _("Does not want to talk")

    class Decision(models.TextChoices):
        PURSUE = "pursue", _("Pursue")
        DISQUALIFY = "disqualify", _("Disqualify")
        THINK = "think", _("Needs time to think")

    # Outcomes of a call in which the patient was not spoken to.
    IN_VAIN: ClassVar[tuple[str, ...]] = ("third_party", "voicemail", "no_answer", "wrong_number")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="calls"
    )
    booking = models.ForeignKey(
        Booking,
        verbose_name=_("booking"),
        on_delete=models.PROTECT,
        null=True,  # null: an unplanned call
        blank=True,
        related_name="calls",
    )
    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        related_name="calls",
        limit_choices_to=NAVIGATORS,
    )
    supersedes = models.OneToOneField(
        "self",
        verbose_name=_("corrects"),
        on_delete=models.PROTECT,
        null=True,  # null: corrects no other record of the same call
        blank=True,
        related_name="superseded_by",
    )
    started_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    summary = models.TextField(_("summary"), blank=True)
    decision = models.CharField(_("decision"), max_length=20, choices=Decision.choices, blank=True)
    next_action = models.CharField(_("next action"), max_length=300, blank=True)
    next_action_due = models.DateField(_("due"), null=True, blank=True)  # null: nothing is due

    objects: ClassVar[CallQuerySet] = CallQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ("-started_at", "-id")
        constraints = (
            one_of(
                *("outcome", "reached", "third_party", "voicemail", "no_answer"),
                *("wrong_number", "refused"),
                name="bookings_call_outcome_known",
            ),
            one_of(
                *("decision", "", "pursue", "disqualify", "think"),
                name="bookings_call_decision_known",
            ),
            models.CheckConstraint(
                condition=models.Q(next_action_due=None) | ~models.Q(next_action=""),
                name="bookings_call_due_has_action",
                violation_error_message=_("Say what is due on that date."),
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(supersedes=models.F("id")),
                name="bookings_call_not_itself",
                violation_error_message=_("A call cannot correct itself."),
            ),
        )
        indexes = (
            # The list, newest first; a patient's calls.
            models.Index(fields=["-started_at", "-id"], name="bookings_call_newest"),
            models.Index(fields=["patient", "-started_at", "-id"], name="bookings_call_patient"),
            # Follow-ups due, by navigator.
            models.Index(
                fields=["navigator", "next_action_due"],
                condition=models.Q(next_action_due__isnull=False),
                name="bookings_call_follow_up",
            ),
        )

    class Privacy:
        none = (
            "patient",
            "booking",
            "navigator",
            "supersedes",
            "started_at",
            "outcome",
            "next_action_due",
        )
        medical = ("decision",)
        free_text = ("summary", "next_action")

    def __str__(self) -> str:
        started_at = date_format(timezone.localtime(self.started_at), "D j M Y, H:i")
        return f"{started_at}, {self.get_outcome_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:bookings_call_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse what belongs to another patient."""
        super().clean()
        if self.booking is not None and self.booking.patient_id != self.patient_id:
            message = _("This booking is another patient's.")
            raise ValidationError({"booking": ValidationError(message, code="other_patient")})
        if self.supersedes is not None and self.supersedes.patient_id != self.patient_id:
            message = _("That call was with another patient.")
            raise ValidationError({"supersedes": ValidationError(message, code="other_patient")})

    @property
    def is_in_vain(self) -> bool:
        """Whether the patient was not spoken to."""
        return self.outcome in self.IN_VAIN
