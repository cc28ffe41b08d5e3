"""Fields on which rows of the CRM disagree with each other, or with what a person did here.

The import finds them (sql/94_conflicts.sql) and keeps every value; a person chooses one
(`crm_import.choosing`).
"""

from typing import Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm_import.models.runs import ImportRun
from patients.models import Patient
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record, User


class FieldConflictQuerySet(models.QuerySet[Any]):
    """Conflicts, in the words of the people who decide."""

    def open(self) -> Self:
        return self.filter(state=FieldConflict.State.OPEN)


@tracked
class FieldConflict(Record):
    """One field of one record with several values, and where each came from.

    `values` are objects with `source` (a table of the CRM, or `portal`), `legacy_id`, `row` (of
    the archive), `modified` and `value`: text, the id of a record, or the two parts of a name.
    `winner` is the value that the record has. `target_id` is the record as it was then; of a
    patient who was merged since, `patient` is the one of today.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To decide")
        DECIDED = "decided", _("Decided")
        SETTLED = "settled", _("No longer in conflict")

    class Rule(models.TextChoices):
        PORTAL = "portal", _("changed or decided in the portal")
        DOUBTFUL = "doubtful", _("another name altogether: another person?")
        CLINICAL = "clinical", _("the Patient row is the clinical one")
        DOSSIER = "dossier", _("the dossier counts")
        NEWEST = "newest", _("the row that was changed last")
        PERSON = "person", _("chosen by a person")

    class Field(models.TextChoices):
        NAME = "name", _("name")
        EMAIL = "email", _("e-mail")
        MEDICAL_CONDITION = "medical_condition", _("medical condition")
        PHYSICIAN = "physician", _("physician")
        FIRST_CONTACT_AT = "first_contact_at", _("first contact")
        INITIAL_CONSULT_AT = "initial_consult_at", _("initial consult")
        STAGE = "stage", _("stage")
        JOB_TITLE = "job_title", _("job title")
        LICENCE = "medical_license_number", _("medical license number")
        HOSPITAL = "hospital", _("hospital")
        SPECIALIZATION = "specialization", _("specialization")
        ELIGIBLE = "eligible", _("eligible")
        OUTCOME = "outcome", _("outcome")
        INELIGIBLE_TEXT = "ineligible_text", _("why not, in words")
        REFERRED_AT = "referred_at", _("referred")
        ENROLLED_ON = "enrolled_on", _("enrolled on")
        NUMBER = "number", _("dossier number")
        PRODUCT = "product", _("product")

    target_model = models.CharField(_("kind of record"), max_length=60)
    target_id = models.UUIDField(_("record"))
    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        null=True,  # null: about a specialist
        related_name="field_conflicts",
    )
    field = models.CharField(_("field"), max_length=30, choices=Field.choices)
    values = models.JSONField(_("values"), encoder=DjangoJSONEncoder, default=list, db_default=[])
    winner = models.JSONField(
        _("value on record"),
        encoder=DjangoJSONEncoder,
        null=True,  # null: the field is blank
    )
    rule = models.CharField(_("why this one"), max_length=10, choices=Rule.choices)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.OPEN,
        db_default=State.OPEN,
    )
    run = models.ForeignKey(
        ImportRun,
        verbose_name=_("run"),
        on_delete=models.PROTECT,
        related_name="conflicts",
        help_text=_("The last one that found it."),
    )
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("decided by"),
        on_delete=models.SET_NULL,
        null=True,  # null: open, or settled by an import
        related_name="decided_conflicts",
    )
    decided_at = models.DateTimeField(_("decided"), null=True)  # null: open

    objects: ClassVar[FieldConflictQuerySet] = FieldConflictQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("field conflict")
        verbose_name_plural = _("field conflicts")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                "state", "open", "decided", "settled", name="crm_import_fieldconflict_state_known"
            ),
            models.UniqueConstraint(
                fields=("target_id", "field", "target_model"),
                condition=models.Q(state="open"),
                name="crm_import_fieldconflict_one_open",
                violation_error_message=_("There is an open conflict about this field already."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | ~models.Q(state="open") & models.Q(decided_at__isnull=False),
                name="crm_import_fieldconflict_decided_has_when",
                violation_error_message=_("A conflict has a time of decision once it is decided."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="crm_import_fieldconflict_new"),
            # Imports ask for what was decided about a record.
            models.Index(fields=["target_id", "field"], name="crm_import_fieldconflict_of"),
        )

    class Privacy:
        none = (
            *("target_model", "target_id", "patient", "field", "rule", "state", "run"),
            *("decided_by", "decided_at"),
        )
        identifying = ("values", "winner")

    def __str__(self) -> str:
        return f"{self.get_field_display()}, {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_fieldconflict_change", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return bool(self.state == self.State.OPEN)
