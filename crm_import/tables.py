"""The tables of the legacy CRM: their files, their columns, and where they are archived."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from crm_import import models as archive

# What a publisher of the CRM puts before the names of its own tables and columns.
_PREFIX = re.compile(r"^([a-z][a-z0-9]{1,7})_(?=.)")

# Columns of which every publisher may have one of his own.
_COMMON = frozenset(
    {
        *("firstname", "lastname", "email", "name", "city", "job_title"),
        *("createdon", "modifiedon", "statecode", "versionnumber"),
    }
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export. `columns` are the legacy names; `aliases` maps other headers to them.

    The first column is the id. `needed` must be in the header: without them a row means nothing.
    `entities` are the names that the CRM itself has for the table, without the publisher's prefix;
    `options` are the columns whose integers stand for labels, `lookups` those that point at rows
    of another table, with its name.
    """

    name: str
    model: type[archive.LegacyRow]
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    aliases: dict[str, str]
    entities: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    lookups: dict[str, str] = field(default_factory=dict)
    is_system: bool = False  # a table that every such CRM has: it bears no prefix

    @property
    def db_table(self) -> str:
        return self.model._meta.db_table

    @property
    def id(self) -> str:
        return self.columns[0]

    def column(self, header: str, prefixes: Collection[str] = ()) -> str | None:
        """The column that a header names, or None for one we do not know.

        `prefixes` are those of the publishers whose tables these are.
        """
        name = header.strip().lower()
        if known := self._known(name):
            return known
        prefix = _PREFIX.match(name)
        return self._known(name[prefix.end() :]) if prefix and prefix[1] in prefixes else None

    def _known(self, name: str) -> str | None:
        name = self.aliases.get(name, name)
        return name if name in self.columns else None

    def prefix(self, entity: str) -> str | None:
        """The publisher's prefix in the CRM's name of this table; None when it is another table's.

        The blank prefix is one too.
        """
        name = entity.strip().lower()
        if name in self.entities:
            return ""
        found = _PREFIX.match(name)
        is_ours = found and not self.is_system and name[found.end() :] in self.entities
        return found[1] if found and is_ours else None

    def prefixes(self, headers: Iterable[str]) -> set[str]:
        """The publishers' prefixes before columns that only this CRM has."""
        telling = set(self.columns) - _COMMON
        found = (_PREFIX.match(header.strip().lower()) for header in headers)
        return {m[1] for m in found if m and self._known(m.string[m.end() :]) in telling}


def _table(
    name: str,
    model: type[archive.LegacyRow],
    *,
    needed: tuple[str, ...],
    entities: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    lookups: dict[str, str] | None = None,
    is_system: bool = False,
    **aliases: str,
) -> Table:
    common = {field.name for field in archive.LegacyRow._meta.get_fields()} | {"id"}
    columns = tuple(f.name for f in model._meta.concrete_fields if f.name not in common)
    # The CRM's own names have no underscores within them: contoso_bookingdate.
    joined = {column.replace("_", ""): column for column in columns}
    return Table(
        name,
        model,
        columns,
        (columns[0], *needed),
        joined | aliases,
        (*entities, *(f"{entity}s" for entity in entities)),
        options,
        lookups or {},
        is_system,
    )


CONTACT = _table(
    "Contact",
    archive.LegacyContact,
    needed=("firstname", "lastname", "email", "contact_type"),
    entities=("contact",),
    options=("contact_type", "medical_condition"),
    lookups={"specialization": "Specialization", "hospital": "Hospital"},
    is_system=True,
    emailaddress1="email",
)
PATIENT = _table(
    "Patient",
    archive.LegacyPatient,
    needed=("firstname", "lastname", "email", "contact_record"),
    entities=("patient",),
    options=("eligible", "ct_outcome"),
    lookups={
        "medical_condition": "MedicalCondition",
        "contact_record": "Contact",
        "physician": "Contact",
    },
    emailaddress1="email",
)
DOSSIER = _table(
    "EAPDossier",
    archive.LegacyDossier,
    needed=("eap_number", "patient", "product"),
    entities=("eapdossier", "eap_dossier"),
    options=("product",),
    lookups={"patient": "Patient"},
)
CONDITION = _table(
    "MedicalCondition",
    archive.LegacyCondition,
    needed=("name",),
    entities=("medicalcondition", "medical_condition"),
)
HOSPITAL = _table("Hospital", archive.LegacyHospital, needed=("name",), entities=("hospital",))
SPECIALIZATION = _table(
    "Specialization",
    archive.LegacySpecialization,
    needed=("name",),
    entities=("specialization",),
)
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
