"""The archive: every legacy row as it came, each cell as text, nothing repaired.

Filled by COPY only (`crm_import.staging`), in one spelling whatever the export was written in
(`crm_import.sources.shape`). A blank cell was empty; one that was not delivered is named in
`absent` and says what the version before it said (a column that no row of a file has is missing
from `SourceFile.columns`). Columns we do not know are in `extra`. Field names are the legacy CRM's
own.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm_import.models.runs import SourceFile
from portal.core.history import append_only


def cell() -> Any:
    """One cell of a legacy row, as text."""
    return models.TextField(blank=True, default="", db_default="")


class LegacyRow(models.Model):
    """One record of a file."""

    file = models.ForeignKey(
        SourceFile,
        verbose_name=_("file"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        # Written with its ledger line in one transaction, and both are append-only: a check per
        # row would cost as much as the load.
        db_constraint=False,
    )
    record = models.PositiveIntegerField(
        _("record"), help_text=_("Counted through all files of the table.")
    )
    extra = models.JSONField(_("other columns"), null=True)  # null: there are none
    absent = ArrayField(
        models.CharField(max_length=50),
        verbose_name=_("not delivered"),
        null=True,  # null: every column of the file came with this row
    )
    deleted = models.BooleanField(
        _("deleted"),
        default=False,
        db_default=False,
        help_text=_("The export says that the CRM deleted this row; its cells are the last known."),
    )
    written = models.CharField(
        _("written"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("When the export wrote this version, where it says so."),
    )

    class Meta:
        abstract = True
        ordering = ("id",)

    class Privacy:
        none = ("id", "file", "record", "absent", "deleted", "written")
        free_text = ("extra",)

    def __str__(self) -> str:
        return f"{self.file} {self.record}"

    def get_absolute_url(self) -> str:
        return reverse(f"admin:crm_import_{self._meta.model_name}_change", args=[self.pk])

    @property
    def cells(self) -> dict[str, str]:
        """Every cell that was filled in, under the legacy CRM's own names."""
        own = {field.name for field in LegacyRow._meta.get_fields()} | {"id"}
        names = (field.name for field in self._meta.concrete_fields if field.name not in own)
        found = {name: getattr(self, name) for name in names}
        return {name: cell for name, cell in {**found, **(self.extra or {})}.items() if cell}


@append_only
class LegacyContact(LegacyRow):
    """A lead, a physician or a pharmacist, depending on contact_type."""

    contactid = cell()
    firstname = cell()
    lastname = cell()
    email = cell()
    contact_type = cell()
    medical_condition = cell()
    booking_date = cell()
    reminder_date = cell()
    no_show = cell()
    job_title = cell()
    specialization = cell()
    medical_license_number = cell()
    hospital = cell()
    createdon = cell()
    modifiedon = cell()
    statecode = cell()
    versionnumber = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy contact")
        verbose_name_plural = _("legacy contacts")

    class Privacy:
        none = (
            "contactid",
            "contact_type",
            "booking_date",
            "reminder_date",
            "no_show",
            "job_title",
            "specialization",
            "hospital",
            "createdon",
            "modifiedon",
            "statecode",
            "versionnumber",
        )
        identifying = ("firstname", "lastname", "email", "medical_license_number")
        medical = ("medical_condition",)


@append_only
class LegacyPatient(LegacyRow):
    """A lead worth pursuing, written next to its Contact."""

    patientid = cell()
    firstname = cell()
    lastname = cell()
    email = cell()
    first_contact_date = cell()
    initial_consult_date = cell()
    medical_condition = cell()
    trial_id = cell()
    eligible = cell()
    ineligible_reason = cell()
    ct_referral_date = cell()
    eap_enrollment_date = cell()
    contact_record = cell()
    physician = cell()
    ct_outcome = cell()
    createdon = cell()
    modifiedon = cell()
    statecode = cell()
    versionnumber = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy patient")
        verbose_name_plural = _("legacy patients")

    class Privacy:
        none = (
            "patientid",
            "first_contact_date",
            "initial_consult_date",
            "contact_record",
            "physician",
            "createdon",
            "modifiedon",
            "statecode",
            "versionnumber",
        )
        identifying = ("firstname", "lastname", "email")
        medical = (
            "medical_condition",
            "eligible",
            "ct_referral_date",
            "eap_enrollment_date",
            "ct_outcome",
        )
        free_text = ("trial_id", "ineligible_reason")


@append_only
class LegacyDossier(LegacyRow):
    """A patient's expanded-access dossier."""

    eap_dossier_id = cell()
    eap_number = cell()
    patient = cell()
    product = cell()
    eap_enrollment_date = cell()
    createdon = cell()
    modifiedon = cell()
    statecode = cell()
    versionnumber = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy EAP dossier")
        verbose_name_plural = _("legacy EAP dossiers")

    class Privacy:
        none = (
            "eap_dossier_id",
            "patient",
            "createdon",
            "modifiedon",
            "statecode",
            "versionnumber",
        )
        identifying = ("eap_number",)
        medical = ("product", "eap_enrollment_date")


@append_only
class LegacyCondition(LegacyRow):
    """A row of the medical-condition table."""

    medicalconditionid = cell()
    name = cell()
    abbreviation = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy medical condition")
        verbose_name_plural = _("legacy medical conditions")

    class Privacy:
        none = ("medicalconditionid", "name", "abbreviation")


@append_only
class LegacyHospital(LegacyRow):
    """A row of the hospital table."""

    hospitalid = cell()
    name = cell()
    city = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy hospital")
        verbose_name_plural = _("legacy hospitals")

    class Privacy:
        none = ("hospitalid", "name", "city")


@append_only
class LegacySpecialization(LegacyRow):
    """A row of the specialization table."""

    specializationid = cell()
    name = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy specialization")
        verbose_name_plural = _("legacy specializations")

    class Privacy:
        none = ("specializationid", "name")


@append_only
class LegacyOption(LegacyRow):
    """One label of one value of an option set, in one language (a Windows LCID)."""

    option_set = cell()
    value = cell()
    label = cell()
    language = cell()

    class Meta(LegacyRow.Meta):
        verbose_name = _("legacy option label")
        verbose_name_plural = _("legacy option labels")

    class Privacy:
        none = ("option_set", "value", "label", "language")
