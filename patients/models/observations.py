"""Facts about patients: what was measured, asked or read, when, and who says so.

`patients.observing` writes these rows. A fact is never changed or deleted: one that is wrong is
marked so, and the right one is a further row.
"""

from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models.measures import Measure, plain_number, rounded, shown_unit
from patients.models.patients import Patient
from patients.models.records import Document
from portal.core.constraints import one_of
from portal.core.history import UNSEALED, tracked
from portal.core.models import Record, User


class ObservationQuerySet(models.QuerySet[Any]):
    """Facts, in the words of the people who use them."""

    def standing(self) -> Self:
        """Without those that were entered in error."""
        return self.filter(status=Observation.Status.FINAL)

    def newest(self) -> Self:
        """Of each patient and measure the fact that counts: of the latest day, said last."""
        last = ("patient_id", "measure_id", "-observed_on", "-id")
        return self.standing().order_by(*last).distinct("patient_id", "measure_id")


# What is said stays; only that it was wrong may be said later, once. A merge moves a row, erasure
# takes it away.
_KEPT = pgtrigger.Trigger(
    name="kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=(
        f"IF current_setting('{UNSEALED}', true) <> '' THEN "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
        "IF TG_OP = 'UPDATE' AND OLD.status = 'final' AND NEW.status = 'entered_in_error' AND "
        "to_jsonb(NEW) - '{status,error_reason,version,updated_at}'::text[] = "
        "to_jsonb(OLD) - '{status,error_reason,version,updated_at}'::text[] "
        "THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'a fact is not overwritten' USING ERRCODE = 'restrict_violation', "
        "CONSTRAINT = 'patients_observation_kept', TABLE = TG_TABLE_NAME;"
    ),
)


@pgtrigger.register(_KEPT)
@tracked
class Observation(Record):
    """One fact about a patient on one day: a number, or one of the measure's answers."""

    class Source(models.TextChoices):
        PATIENT_SAID = "patient_said", _("patient said")
        DOCUMENT = "document", _("document")
        PHYSICIAN = "physician", _("physician")
        EHR = "ehr", _("hospital's record")

    class Status(models.TextChoices):
        FINAL = "final", _("Valid")
        ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="observations",
        db_index=False,  # an index of Meta begins with it
    )
    measure = models.ForeignKey(
        Measure,
        verbose_name=_("measure"),
        on_delete=models.PROTECT,
        related_name="observations",
        db_index=False,  # an index of Meta begins with it
    )
    number = models.DecimalField(
        _("number"),
        max_digits=16,
        decimal_places=4,
        null=True,  # null: the measure's answer is no number
        blank=True,
        help_text=_("In the measure's own unit."),
    )
    text = models.CharField(
        _("answer"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("yes, no, or one of the measure's answers."),
    )
    entered = models.CharField(_("value as entered"), max_length=100)
    unit = models.CharField(
        _("unit as entered"), max_length=30, blank=True, default="", db_default=""
    )
    observed_on = models.DateField(_("observed on"))
    source = models.CharField(_("source"), max_length=15, choices=Source.choices)
    document = models.ForeignKey(
        Document,
        verbose_name=_("document"),
        on_delete=models.PROTECT,
        null=True,  # null: read in no document that we keep
        blank=True,
        related_name="observations",
    )
    recorded_by = models.ForeignKey(
        User,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="observations",
    )
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=Status.choices,
        default=Status.FINAL,
        db_default=Status.FINAL,
    )
    error_reason = models.CharField(
        _("what was wrong"), max_length=300, blank=True, default="", db_default=""
    )
    corrects = models.OneToOneField(
        "self",
        verbose_name=_("corrects"),
        on_delete=models.PROTECT,
        null=True,  # null: corrects no other fact
        blank=True,
        related_name="corrected_by",
    )
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Given by the program that sent it: the same key is the same fact."),
    )

    objects: ClassVar[ObservationQuerySet] = ObservationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        ordering = ("-observed_on", "-id")
        constraints = (
            one_of(
                *("source", "patient_said", "document", "physician", "ehr"),
                name="patients_observation_source_known",
            ),
            one_of(
                *("status", "final", "entered_in_error"),
                name="patients_observation_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(number__isnull=False, text="")
                | models.Q(number=None, text__gt=""),
                name="patients_observation_one_value",
                violation_error_message=_("A fact has a number or an answer, and not both."),
            ),
            models.CheckConstraint(
                condition=~models.Q(entered=""),
                name="patients_observation_as_entered",
                violation_error_message=_("Say what was entered."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="entered_in_error", error_reason__gt="")
                | (~models.Q(status="entered_in_error") & models.Q(error_reason="")),
                name="patients_observation_error_says_why",
                violation_error_message=_("Say what was wrong, and only of what is wrong."),
            ),
            models.CheckConstraint(
                condition=models.Q(corrects=None) | ~models.Q(corrects=models.F("id")),
                name="patients_observation_not_itself",
                violation_error_message=_("A fact cannot correct itself."),
            ),
            models.UniqueConstraint(
                fields=("idempotency_key",),
                condition=~models.Q(idempotency_key=""),
                name="patients_observation_key_once",
                violation_error_message=_("This fact has been received already."),
            ),
        )
        indexes = (
            # The fact that counts, of each measure of a patient (`newest`).
            models.Index(
                fields=["patient", "measure", "-observed_on", "-id"],
                condition=models.Q(status="final"),
                name="patients_observation_counts",
            ),
            # A patient's facts, newest first.
            models.Index(
                fields=["patient", "-observed_on", "-id"], name="patients_observation_patient"
            ),
            # The list, and its filters of the admin and REST in the order of the list.
            models.Index(fields=["-observed_on", "-id"], name="patients_observation_newest"),
            models.Index(
                fields=["measure", "-observed_on", "-id"], name="patients_observation_measure"
            ),
            models.Index(
                fields=["source", "-observed_on", "-id"], name="patients_observation_source"
            ),
        )

    class Privacy:
        none = (
            "patient",
            "measure",
            "unit",
            "observed_on",
            "source",
            "document",
            "recorded_by",
            "status",
            "corrects",
            "idempotency_key",
        )
        medical = ("number", "text", "entered")
        free_text = ("error_reason",)

    def __str__(self) -> str:
        return f"{self.measure}: {self.shown}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_observation_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse what belongs to another patient."""
        super().clean()
        if self.document is not None and self.document.patient_id != self.patient_id:
            message = _("This document is another patient's.")
            raise ValidationError({"document": ValidationError(message, code="other_patient")})
        if self.corrects is not None and self.corrects.patient_id != self.patient_id:
            message = _("That fact is about another patient.")
            raise ValidationError({"corrects": ValidationError(message, code="other_patient")})

    @property
    def is_standing(self) -> bool:
        """Whether it was not entered in error."""
        return self.status == self.Status.FINAL

    @property
    def value(self) -> Any:
        """The number in the measure's own unit, or the code of the answer."""
        return self.text if self.number is None else self.number

    @property
    def shown(self) -> str:
        """`1.2 mg/dL`, `Yes`, or the answer's words; what was converted to three digits."""
        if self.number is not None:
            is_own = self.unit == self.measure.unit
            number = self.number if is_own else rounded(self.number)
            return f"{plain_number(number)} {shown_unit(self.measure.unit)}".strip()
        return dict(self.measure.answers).get(self.text, self.text)

    @property
    def shown_as_entered(self) -> str:
        """The value and unit as somebody said them; blank when that is how they are kept."""
        if self.number is None or self.unit == self.measure.unit:
            return ""
        return f"{self.entered} {shown_unit(self.unit)}".strip()
