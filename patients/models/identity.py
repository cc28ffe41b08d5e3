"""Which rows are the same person: pairs to review, merges, and old ids that still resolve."""

from typing import Any, ClassVar, Self, cast
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models.contacts import Specialist
from patients.models.patients import Patient
from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User
from portal.core.search import SEARCH_LIMIT

# The review queue in order: each state takes ten places, one for each tier. Those that were
# decided to be one patient wait for their merge, so they come first.
_TO_MERGE, _OPEN, _LATER, _SAME, _DIFFERENT = 0, 10, 20, 30, 40
_FIRST_DECIDED = _SAME
# The strongest evidence first: nearly the same name and a shared address; the same name and
# something else; linked in the CRM; a shared address (mostly family); never one person.
_STRONGEST_FIRST = ("R4", "R3", "R1", "R2", "R5")
_UNKNOWN_TIER = 9


class PossibleDuplicateQuerySet(models.QuerySet[Any]):
    """Pairs that may be one person."""

    def open(self) -> Self:
        """Pairs that nobody has decided on, or that were put off."""
        return self.filter(queue_place__gte=_OPEN, queue_place__lt=_FIRST_DECIDED)

    def waiting(self) -> Self:
        """Pairs that somebody has to do something about: to merge, to review, put off."""
        return self.filter(queue_place__lt=_FIRST_DECIDED)

    def in_state(self, state: str) -> Self:
        """Pairs in this state, found through the queue's index."""
        starts = {"open": (_OPEN,), "later": (_LATER,), "same": (_TO_MERGE, _SAME)}
        places = [p for start in starts.get(state, (_DIFFERENT,)) for p in range(start, start + 10)]
        return self.filter(state=state, queue_place__in=places)

    def of_tier(self, tier: str) -> Self:
        """Pairs with this evidence, found through the queue's index."""
        step = _STRONGEST_FIRST.index(tier) if tier in _STRONGEST_FIRST else _UNKNOWN_TIER
        return self.filter(tier=tier, queue_place__in=range(step, _DIFFERENT + 10, 10))

    def in_queue(self) -> Self:
        """In the order of the queue."""
        return self.order_by("queue_place", "-created_at", "-id")

    def following(self, pair: "PossibleDuplicate") -> "PossibleDuplicate | None":
        """The first of these pairs that is behind `pair` in the queue; None at its end.

        In two steps, because the index is not in the order of one comparison of three columns.
        """
        place, found = pair.queue_place, pair.created_at
        beside = self.filter(queue_place=place, created_at__lte=found).filter(
            models.Q(created_at__lt=found) | models.Q(id__lt=pair.pk)
        )
        behind = self.filter(queue_place__gt=place)
        return beside.in_queue().first() or behind.in_queue().first()

    def search(self, text: str) -> Self:
        """Pairs one of whose people is found by `text`; at most SEARCH_LIMIT for each side."""
        if not text.strip():
            return self
        found: set[UUID] = set()
        for model, kind in ((Patient, "patient"), (Specialist, "specialist")):
            people = list(model.objects.search(text).order_by().values_list("pk", flat=True))
            for side in (f"first_{kind}", f"second_{kind}") if people else ():
                pairs = self.filter(**{f"{side}__pk__among": people}).order_by()
                found.update(pairs.values_list("pk", flat=True)[:SEARCH_LIMIT])
        return self.filter(pk__among=found) if found else self.none()

    def of(self, person: Patient | Specialist) -> Self:
        """Pairs that name this person on either side."""
        kind = "patient" if isinstance(person, Patient) else "specialist"
        return self.filter(
            models.Q(**{f"first_{kind}": person}) | models.Q(**{f"second_{kind}": person})
        )

    def between(self, one: Patient, other: Patient) -> Self:
        """The pair of these two patients, if it was ever proposed."""
        first, second = sorted((one.pk, other.pk))
        return self.filter(first_patient=first, second_patient=second)


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
        db_index=False,  # a constraint of Meta begins with it
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
    queue_place = models.GeneratedField(
        expression=models.Case(
            models.When(state="same", second_patient__isnull=False, then=models.Value(_TO_MERGE)),
            models.When(state="open", then=models.Value(_OPEN)),
            models.When(state="later", then=models.Value(_LATER)),
            models.When(state="same", then=models.Value(_SAME)),
            default=models.Value(_DIFFERENT),
        )
        + models.Case(
            *(
                models.When(tier=tier, then=models.Value(step))
                for step, tier in enumerate(_STRONGEST_FIRST)
            ),
            default=models.Value(_UNKNOWN_TIER),
        ),
        output_field=models.SmallIntegerField(_("place in the queue")),
        db_persist=True,
    )

    objects: ClassVar[PossibleDuplicateQuerySet] = PossibleDuplicateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("state", "open", "later", "same", "different"),
                name="patients_possibleduplicate_state_known",
            ),
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
            # The review queue, its filters, and the next pair to review.
            models.Index(
                fields=["queue_place", "-created_at", "-id"], name="patients_duplicate_queue"
            ),
            # The same for the few that a specialist is part of.
            models.Index(
                fields=["queue_place", "-created_at", "-id"],
                condition=models.Q(first_specialist__isnull=False),
                name="patients_duplicate_specialist",
            ),
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
            "queue_place",
        )
        identifying = ("evidence",)

    def __str__(self) -> str:
        first, second = self.people
        return f"{first} / {second}"

    @property
    def people(self) -> tuple[Patient | Specialist, Patient | Specialist]:
        """The two of the pair."""
        first = self.first_patient or self.first_specialist
        second = self.second_patient or self.second_specialist or self.first_specialist
        return cast(tuple[Patient | Specialist, Patient | Specialist], (first, second))

    @property
    def is_of_patients(self) -> bool:
        """Two patients, who can be merged."""
        return self.second_patient_id is not None

    @property
    def is_mixed(self) -> bool:
        """A patient and a specialist, who never are one record."""
        return self.first_patient_id is not None and self.first_specialist_id is not None

    @property
    def is_to_merge(self) -> bool:
        """Decided to be one patient, and not merged yet."""
        return self.is_of_patients and self.state == self.State.SAME

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
        return str(_("merge into %(name)s") % {"name": self.survivor})

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_patientmerge_change", args=[self.pk])
