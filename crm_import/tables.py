"""The tables of the legacy CRM: their files, their columns, and where they are archived."""

from dataclasses import dataclass

from crm_import import models as archive


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export. `columns` are the legacy names; `aliases` maps other headers to them.

    The first column is the id. `needed` must be in the header: without them a row means nothing.
    """

    name: str
    model: type[archive.LegacyRow]
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    aliases: dict[str, str]

    @property
    def db_table(self) -> str:
        return self.model._meta.db_table

    def column(self, header: str) -> str | None:
        """The column that a header names, or None for one we do not know."""
        name = header.strip().lower()
        name = self.aliases.get(name, name)
        return name if name in self.columns else None


def _table(
    name: str, model: type[archive.LegacyRow], *, needed: tuple[str, ...], **aliases: str
) -> Table:
    common = {"id", "file", "record", "extra"}
    columns = tuple(f.name for f in model._meta.concrete_fields if f.name not in common)
    return Table(name, model, columns, (columns[0], *needed), aliases)


CONTACT = _table(
    "Contact",
    archive.LegacyContact,
    needed=("firstname", "lastname", "email", "contact_type"),
    emailaddress1="email",
    contacttype="contact_type",
    medicalcondition="medical_condition",
    bookingdate="booking_date",
    reminderdate="reminder_date",
    noshow="no_show",
    jobtitle="job_title",
)
PATIENT = _table(
    "Patient",
    archive.LegacyPatient,
    needed=("firstname", "lastname", "email", "contact_record"),
    emailaddress1="email",
)
DOSSIER = _table(
    "EAPDossier",
    archive.LegacyDossier,
    needed=("eap_number", "patient", "product"),
    eapdossierid="eap_dossier_id",
)
CONDITION = _table("MedicalCondition", archive.LegacyCondition, needed=("name",))
HOSPITAL = _table("Hospital", archive.LegacyHospital, needed=("name",))
SPECIALIZATION = _table("Specialization", archive.LegacySpecialization, needed=("name",))
OPTIONS = _table("OptionSets", archive.LegacyOption, needed=("value", "label"))

# The tables whose rows are accounted for, in the order of the report.
TABLES = (CONTACT, PATIENT, DOSSIER, CONDITION, HOSPITAL, SPECIALIZATION)
# What is read, lists first.
FILES = (OPTIONS, CONDITION, HOSPITAL, SPECIALIZATION, CONTACT, PATIENT, DOSSIER)


def archived(entity: str, row: int | None) -> archive.LegacyRow | None:
    """The row of the archive, or None when there is none (a problem of a whole table)."""
    for table in TABLES:
        if table.name == entity and row is not None:
            return table.model._default_manager.select_related("file").filter(pk=row).first()
    return None
