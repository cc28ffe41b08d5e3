"""The tables of the migration. They go when the legacy CRM is gone; nothing refers to them.

`archive` keeps every legacy row as it came, `runs` what each run did with it, `links` what was
learnt: which legacy id became which record, what an option value means, which link still waits.
`conflicts` are fields on which rows disagree, and what people decided. Submodules import upwards in
this order only: runs ← archive, links, conflicts.
"""

from crm_import.models.archive import (
    LegacyCondition,
    LegacyContact,
    LegacyDossier,
    LegacyHospital,
    LegacyOption,
    LegacyPatient,
    LegacyRow,
    LegacySpecialization,
)
from crm_import.models.conflicts import FieldConflict
from crm_import.models.links import Crosswalk, OptionValue, PendingLink
from crm_import.models.runs import (
    Entity,
    ForgottenRow,
    ImportRun,
    Problem,
    RowOutcome,
    SourceFile,
    UnreadableRecord,
)

__all__ = (
    "Crosswalk",
    "Entity",
    "FieldConflict",
    "ForgottenRow",
    "ImportRun",
    "LegacyCondition",
    "LegacyContact",
    "LegacyDossier",
    "LegacyHospital",
    "LegacyOption",
    "LegacyPatient",
    "LegacyRow",
    "LegacySpecialization",
    "OptionValue",
    "PendingLink",
    "Problem",
    "RowOutcome",
    "SourceFile",
    "UnreadableRecord",
)
