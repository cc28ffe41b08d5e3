"""Which rows are the same person: pairs to review, merges, and old ids that still resolve."""

from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models.contacts import Patient, Specialist
from portal.core.history import append_only, tracked
from portal.core.models import Record, User


class PossibleDuplicateQuerySet(models.QuerySet[Any]):
    """Pairs that may be one person."""

    def open(self) -> Self:
        """Pairs that nobody has decided on, or that were put off."""
        return self.filter(state__in=(PossibleDuplicate.State.OPEN, PossibleDuplicate.State.LATER))


@tracked
class PossibleDuplicate(Record):
    """Two records that may be one person. "Not the same" is remembered.

    A pair is two patients, two specialists, or a patient and a specialist (who are never merged,
    but somebody should know). The lower id of a like pair comes first.
    """

    class Tier(models.TextChoices):
        R1 = "R1", _("linked in the legacy CRM, but names differ")
        R2 = "R2", _("same e-mail, or phone and date of birth; other name")
        R3 = "R3", _("same name, and condition, phone or date of birth")
        R4 = "R4", _("same e-mail, phone or date of birth; name nearly the same")
        R5 = "R5", _("patient and specialist look like one person")

    class State(models.TextChoices):
        OPEN = "open", _("To review")
        LATER = "later", _("Put off")
        SAME = "same", _("Same person")
        DIFFERENT = "different", _("Not the same person")

    first_patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="possible_duplicates_as_first",
    )
    second_patient = models.ForeignKey(
        Patient,
        verbose_name=_("other patient"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="possible_duplicates_as_second",
    )
    first_specialist = models.ForeignKey(
        Specialist,
        verbose_name=_("specialist"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="possible_duplicates_as_first",
    )
    second_specialist = models.ForeignKey(
        Specialist,
        verbose_name=_("other specialist"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="possible_duplicates_as_second",
    )
    tier = models.CharField(_("why"), max_length=2, choices=Tier.choices)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True, db_default={})
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.OPEN, db_default=State.OPEN
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)  # null: not decided
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("decided by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="duplicates_decided",
    )

    objects: ClassVar[PossibleDuplicateQuerySet] = PossibleDuplicateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=(
                    models.Q(
                        first_patient__isnull=False,
                        second_patient__isnull=False,
                        first_specialist=None,
                        second_specialist=None,
                        first_patient__lt=models.F("second_patient"),
                    )
                    | models.Q(
                        first_patient=None,
                        second_patient=None,
                        first_specialist__isnull=False,
                        second_specialist__isnull=False,
                        first_specialist__lt=models.F("second_specialist"),
                    )
                    | models.Q(
                        first_patient__isnull=False,
                        second_patient=None,
                        first_specialist__isnull=False,
                        second_specialist=None,
                    )
                ),
                name="patients_possibleduplicate_is_a_pair",
                violation_error_message=_("Name two different records, the lower id first."),
            ),
            models.UniqueConstraint(
                fields=(
                    "first_patient",
                    "second_patient",
                    "first_specialist",
                    "second_specialist",
                ),
                nulls_distinct=False,
                name="patients_possibleduplicate_pair_once",
                violation_error_message=_("This pair has been proposed already."),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("open", "later"))
                | models.Q(decided_at__isnull=False),
                name="patients_possibleduplicate_decision_has_time",
                violation_error_message=_("A decision has a time."),
            ),
        )
        indexes = (
            # The review queue, newest first.
            models.Index(fields=["state", "-created_at"], name="patients_duplicate_queue"),
        )

    class Privacy:
        none = (
            "first_patient",
            "second_patient",
            "first_specialist",
            "second_specialist",
            "tier",
            "state",
            "decided_at",
            "decided_by",
        )
        identifying = ("evidence",)

    def __str__(self) -> str:
        first = self.first_patient or self.first_specialist
        second = self.second_patient or self.second_specialist or self.first_specialist
        return f"{first} / {second}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_possibleduplicate_change", args=[self.pk])


@append_only
@tracked
class MergedPatient(Record):
    """The id of a patient who was merged into another one; the old id still answers."""

    old_id = models.UUIDField(_("old id"), unique=True)
    survivor = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="merged_ids"
    )
    merged_by = models.ForeignKey(
        User,
        verbose_name=_("merged by"),
        on_delete=models.PROTECT,
        null=True,  # null: merged in the legacy CRM
        blank=True,
        related_name="patients_merged",
    )
    losing_values = models.JSONField(
        _("values that gave way"), default=dict, blank=True, db_default={}
    )

    class Meta:
        verbose_name = _("merged patient")
        verbose_name_plural = _("merged patients")
        ordering = ("-created_at", "-id")

    class Privacy:
        none = ("old_id", "survivor", "merged_by")
        free_text = ("losing_values",)

    def __str__(self) -> str:
        return str(self.old_id)


@tracked
class PatientMerge(Record):
    """One merge of two patients, with all that is needed to take it back.

    `journal` is the list of changes that the merge made, in order, with what was there before
    (see `patients.journal`); `present` lists what the survivor had of its own, so that what was
    added later can be told apart. Written by `patients.merging` only.
    """

    loser_id = models.UUIDField(_("old id"))
    survivor = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="merges"
    )
    merged_by = models.ForeignKey(
        User, verbose_name=_("merged by"), on_delete=models.PROTECT, related_name="merges"
    )
    reason = models.CharField(_("why"), max_length=300, blank=True)
    journal = models.JSONField(_("what was changed"), default=list, blank=True)
    present = models.JSONField(_("what the survivor had"), default=dict, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)  # null: in force
    undone_by = models.ForeignKey(
        User,
        verbose_name=_("undone by"),
        on_delete=models.PROTECT,
        null=True,  # null: in force
        blank=True,
        related_name="merges_undone",
    )

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("loser_id",),
                condition=models.Q(undone_at=None),
                name="patients_patientmerge_loser_once",
                violation_error_message=_("This record has been merged already."),
            ),
            models.CheckConstraint(
                condition=models.Q(undone_at=None, undone_by=None)
                | models.Q(undone_at__isnull=False, undone_by__isnull=False),
                name="patients_patientmerge_undone_by_somebody",
                violation_error_message=_("Say who took the merge back, and when."),
            ),
        )
        indexes = (
            # The merges into a patient, the last one first.
            models.Index(fields=["survivor", "-created_at"], name="patients_patientmerge_survivor"),
        )

    class Privacy:
        none = (
            "loser_id",
            "survivor",
            "merged_by",
            "present",
            "undone_at",
            "undone_by",
        )
        free_text = ("reason", "journal")

    def __str__(self) -> str:
        return str(self.loser_id)
