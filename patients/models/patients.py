"""Patients: a lead is a patient whose stage is `lead`. And further ways to reach them."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models.functions import Lower, Trim
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.contacts import Contact, Specialist
from patients.models.lookups import MedicalCondition
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record, User
from portal.core.phones import to_e164
from portal.core.search import ContactQueries, ContactQuerySet, ContactSearch


class PatientQuerySet(ContactQuerySet):
    """Patients and leads, in the words of the people who work with them."""

    def leads(self) -> Self:
        return self.filter(is_lead=True)

    def open(self) -> Self:
        """Not closed: leads and patients that somebody works on."""
        return self.exclude(stage=Patient.Stage.CLOSED)

    def of(self, navigator: User) -> Self:
        return self.filter(owner=navigator)

    def open_to(self, navigator: User) -> Self:
        """Those of this navigator, and those of nobody."""
        return self.filter(models.Q(owner=navigator) | models.Q(owner=None))

    def with_email(self, email: str) -> Self:
        """The one who has this address as their own, whatever its case and surrounding space."""
        own = self.exclude(email="").alias(address=Lower(Trim("email")))
        return own.filter(address=Lower(models.Value(email.strip())))

    def without_physician(self) -> Self:
        return self.filter(stage=Patient.Stage.PATIENT, physician=None)

    def _found(self, queries: ContactQueries) -> list[models.QuerySet[Any]]:
        """Also people one of whose further contact points has the address that was typed."""
        found = super()._found(queries)
        names = [*queries.names, *queries.brief]
        everywhere = " & ".join([*names, *queries.addresses])
        points = ContactPoint.objects.filter(search__tokens=everywhere)
        found.append(self.filter(pk__in=points.order_by().values("patient")[:1000]))
        if names and queries.addresses:
            points = ContactPoint.objects.filter(search__tokens=" & ".join(queries.addresses))
            found.append(
                self.filter(
                    search__tokens=" & ".join(names),
                    pk__in=points.order_by().values("patient")[:1000],
                )
            )
        return found


# Rule 7 of the house: once merged into another, a person is not written to under the old id. No
# row has that id any more, foreign keys see to the rest, and nothing brings the row back but
# `merging.undo`, which takes the alias away first. One lookup per statement, not per row.
_MERGED_AWAY = pgtrigger.Trigger(
    name="merged_away",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_values"),  # type: ignore[no-untyped-call]
    func=(
        "IF EXISTS (SELECT 1 FROM new_values JOIN patients_mergedpatient merged "
        "ON merged.old_id = new_values.id) THEN "
        "RAISE EXCEPTION 'this id was merged into another patient' "
        "USING ERRCODE = 'restrict_violation', CONSTRAINT = 'patients_patient_merged_away', "
        "TABLE = TG_TABLE_NAME; END IF; RETURN NULL;"
    ),
)

# Likewise an erased person: nothing brings them back, an import or a restored row neither.
_ERASED = pgtrigger.Trigger(
    name="erased",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_values"),  # type: ignore[no-untyped-call]
    func=(
        "IF EXISTS (SELECT 1 FROM new_values JOIN patients_erasedpatient erased "
        "ON erased.old_id = new_values.id) THEN "
        "RAISE EXCEPTION 'the person of this id was erased' "
        "USING ERRCODE = 'restrict_violation', CONSTRAINT = 'patients_patient_erased', "
        "TABLE = TG_TABLE_NAME; END IF; RETURN NULL;"
    ),
)


@pgtrigger.register(_MERGED_AWAY, _ERASED)
@tracked
class Patient(Contact):
    """One person who looks for treatment. A lead and a patient are stages of the same row."""

    class Stage(models.TextChoices):
        LEAD = "lead", _("Lead")
        PATIENT = "patient", _("Patient")
        CLOSED = "closed", _("Closed")

    class ClosedReason(models.TextChoices):
        DISQUALIFIED = "disqualified", _("Disqualified")
        UNREACHABLE = "unreachable", _("Unreachable")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DUPLICATE = "duplicate", _("Duplicate")
        DECEASED = "deceased", _("Deceased")
        COMPLETED = "completed", _("Completed")
        LEGACY_INACTIVE = "legacy_inactive", _("Inactive in the legacy CRM")

    class Sex(models.TextChoices):
        # HL7 FHIR R4 administrative-gender.
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Unknown")

    class Relation(models.TextChoices):
        PARENT = "parent", _("Parent")
        PARTNER = "partner", _("Partner")
        CHILD = "child", _("Son or daughter")
        PHYSICIAN = "physician", _("Physician")
        OTHER = "other", _("Somebody else")

    class Voicemail(models.TextChoices):
        FULL = "full", _("Voicemail with name and company")
        NO_NAME = "no_name", _("Voicemail without the company's name")
        NONE = "none", _("No voicemail")

    stage = models.CharField(
        _("stage"), max_length=10, choices=Stage.choices, default=Stage.LEAD, db_default=Stage.LEAD
    )
    is_lead = models.GeneratedField(
        expression=models.Case(
            models.When(stage="lead", then=models.Value(True)), default=models.Value(False)
        ),
        output_field=models.BooleanField(_("is a lead")),
        db_persist=True,
    )
    closed_reason = models.CharField(
        _("reason for closing"), max_length=20, choices=ClosedReason.choices, blank=True
    )
    owner = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="patients",
        limit_choices_to={"is_staff": True},
        db_index=False,  # an index of Meta begins with it
    )
    medical_condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("medical condition"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="patients",
        db_index=False,  # an index of Meta begins with it
    )
    physician = models.ForeignKey(
        Specialist,
        verbose_name=_("physician"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="patients",
        limit_choices_to={"contact_type": "physician"},
        db_index=False,  # an index of Meta begins with it
    )
    first_contact_at = models.DateTimeField(_("first contact"), default=timezone.now)
    initial_consult_at = models.DateTimeField(
        _("initial consult"),
        null=True,  # null: no call has reached them yet
        blank=True,
        help_text=_("The first call that reached them."),
    )
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True)  # null: a lead
    converted_by = models.ForeignKey(
        User,
        verbose_name=_("converted by"),
        on_delete=models.SET_NULL,
        null=True,  # null: a lead, or converted in the legacy CRM
        blank=True,
        related_name="converted_patients",
        db_index=False,  # few have it: see Meta
    )
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)  # null: not known
    sex = models.CharField(
        _("sex"), max_length=10, choices=Sex.choices, default=Sex.UNKNOWN, db_default=Sex.UNKNOWN
    )
    on_behalf_of_name = models.CharField(
        _("form filled in by"),
        max_length=200,
        blank=True,
        help_text=_("When somebody else filled in the form: their name."),
    )
    on_behalf_of_relation = models.CharField(
        _("who is the patient's"), max_length=20, choices=Relation.choices, blank=True
    )
    voicemail = models.CharField(
        _("voicemail"),
        max_length=10,
        choices=Voicemail.choices,
        default=Voicemail.NO_NAME,
        db_default=Voicemail.NO_NAME,
    )
    do_not_contact = models.BooleanField(
        _("do not contact"),
        default=False,
        db_default=False,
        help_text=_("No mail and no reminder leaves while this is on."),
    )
    deceased_on = models.DateField(_("deceased on"), null=True, blank=True)  # null: alive as known
    processing_restricted = models.BooleanField(
        _("processing restricted"),
        default=False,
        db_default=False,
        help_text=_("GDPR article 18: kept, but not used or changed."),
    )

    objects: ClassVar[PatientQuerySet] = PatientQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Contact.Meta):
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ("-created_at", "-id")
        constraints = (
            *Contact.Meta.constraints,
            one_of("stage", "lead", "patient", "closed", name="patients_patient_stage_known"),
            models.CheckConstraint(
                condition=models.Q(stage="closed", closed_reason__gt="")
                | (~models.Q(stage="closed") & models.Q(closed_reason="")),
                name="patients_patient_closed_has_reason",
                violation_error_message=_("A closed patient has a reason, and only a closed one."),
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(stage="lead", converted_at=None)
                    | models.Q(stage="patient", converted_at__isnull=False)
                    | models.Q(stage="closed")
                ),
                name="patients_patient_converted_when_patient",
                violation_error_message=_("A patient has been converted, a lead has not."),
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of_name="") | ~models.Q(on_behalf_of_relation=""),
                name="patients_patient_on_behalf_has_relation",
                violation_error_message=_("Say how the person who filled in the form is related."),
            ),
            models.CheckConstraint(
                condition=models.Q(deceased_on=None)
                | models.Q(date_of_birth=None)
                | models.Q(deceased_on__gte=models.F("date_of_birth")),
                name="patients_patient_dies_after_birth",
                violation_error_message=_("The date of death is before the date of birth."),
            ),
        )
        indexes = (
            *Contact.Meta.indexes,
            # The list, newest first, and its pages; REST pages by the same two columns.
            models.Index(fields=["-created_at", "-id"], name="patients_patient_newest"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="patients_patient_changed"),
            # The filters of the list, each in the order of the list.
            models.Index(fields=["stage", "-created_at", "-id"], name="patients_patient_stage"),
            models.Index(fields=["owner", "-created_at", "-id"], name="patients_patient_owner"),
            models.Index(
                fields=["medical_condition", "-created_at", "-id"],
                name="patients_patient_condition",
            ),
            models.Index(
                fields=["physician", "-created_at", "-id"], name="patients_patient_physician"
            ),
            models.Index(fields=["country", "-created_at", "-id"], name="patients_patient_country"),
            # Who was born on that day? (patients.matching; most rows say nothing)
            models.Index(
                fields=["date_of_birth"],
                condition=models.Q(date_of_birth__isnull=False),
                name="patients_patient_birth",
            ),
            # Whom did this account convert? (patients of its own, not of the legacy CRM)
            models.Index(
                fields=["converted_by"],
                condition=models.Q(converted_by__isnull=False),
                name="patients_patient_converter",
            ),
            # The lead queue: open leads that nobody reached, oldest first.
            models.Index(
                fields=["first_contact_at"],
                condition=models.Q(stage="lead", initial_consult_at=None),
                name="patients_patient_lead_queue",
            ),
        )

    class Privacy:
        none = (
            "stage",
            "is_lead",
            "closed_reason",
            "owner",
            "physician",
            "first_contact_at",
            "initial_consult_at",
            "converted_at",
            "converted_by",
            "voicemail",
            "do_not_contact",
            "processing_restricted",
        )
        identifying = ("date_of_birth", "on_behalf_of_name", "on_behalf_of_relation")
        medical = ("medical_condition", "sex", "deceased_on")

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_patient_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse a physician who is none (a foreign key cannot say it)."""
        super().clean()
        if self.physician is not None and not self.physician.is_physician:
            raise ValidationError(
                {"physician": _("%(name)s is no physician.") % {"name": self.physician}}
            )

    def age(self, *, today: date) -> int | None:
        """Completed years on `today`, or at death; None when the date of birth is not known."""
        born = self.date_of_birth
        if born is None:
            return None
        until = min(today, self.deceased_on) if self.deceased_on else today
        return until.year - born.year - ((until.month, until.day) < (born.month, born.day))

    @property
    def may_be_contacted(self) -> bool:
        """Whether anything may be sent to them at all; consent is asked separately."""
        return not (self.do_not_contact or self.is_deceased or self.processing_restricted)

    @property
    def is_deceased(self) -> bool:
        """Whether they are known to have died, also when nobody knows on which day."""
        return bool(self.deceased_on) or self.closed_reason == self.ClosedReason.DECEASED


@tracked
class ContactPoint(Record):
    """A further e-mail address or phone of a patient; several people may share one."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")

    class Origin(models.TextChoices):
        NAVIGATOR = "navigator", _("entered by a navigator")
        SUBMISSION = "submission", _("landing page")
        LEGACY_CRM = "legacy_crm", _("legacy CRM")
        API = "api", _("another system")
        MERGE = "merge", _("merged record")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="contact_points",
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("address or number"), max_length=254)
    origin = models.CharField(
        _("origin"), max_length=20, choices=Origin.choices, default=Origin.NAVIGATOR
    )
    remark = models.CharField(
        _("remark"), max_length=200, blank=True, help_text=_("For example: the mother's mobile.")
    )
    search = models.GeneratedField(
        expression=models.Case(
            models.When(
                kind="email",
                then=ContactSearch(
                    models.Value(""), models.Value(""), models.F("value"), models.Value("")
                ),
            ),
            default=ContactSearch(
                models.Value(""), models.Value(""), models.Value(""), models.F("value")
            ),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("further contact point")
        verbose_name_plural = _("further contact points")
        ordering = ("kind", "created_at", "id")
        constraints = (
            models.UniqueConstraint(
                "patient",
                "kind",
                Lower(Trim("value")),
                name="patients_contactpoint_once_per_patient",
                violation_error_message=_("This patient has this contact point already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(value=""),
                name="patients_contactpoint_not_blank",
                violation_error_message=_("Fill in an address or a number."),
            ),
        )
        indexes = (
            # People found by a further address or number.
            GinIndex(fields=["search"], name="patients_contactpoint_search"),
            # The list's filters, by kind (REST as well) and by origin.
            models.Index(fields=["kind", "-id"], name="patients_contactpoint_kind"),
            models.Index(fields=["origin", "-id"], name="patients_contactpoint_origin"),
            # Who shares this address? (identity matching)
            models.Index(Lower(Trim("value")), name="patients_contactpoint_value"),
        )

    class Privacy:
        none = ("patient", "kind", "origin")
        identifying = ("value", "search")
        free_text = ("remark",)

    def __str__(self) -> str:
        return self.value

    def clean(self) -> None:
        """Store a phone as E.164 where it can be; an odd legacy address stays as it was."""
        super().clean()
        self.value = self.value.strip()
        try:
            if self.kind == self.Kind.PHONE:
                country = self.patient.country if self.patient_id else ""
                self.value = to_e164(self.value, country=country)
            elif self._state.adding:
                validate_email(self.value)
        except ValidationError as error:
            raise ValidationError({"value": error}) from error
