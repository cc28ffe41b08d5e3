"""The tables of the migration. They go when the legacy CRM is gone; nothing refers to them.

`archive` keeps every legacy row as it came, `runs` what each run did with it, `links` what was
learnt: which legacy id became which record, what an option value means, which link still waits.
`plans` holds what runs were planned to do.
Submodules import upwards in this order only: plans ← runs ← archive, links.
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
from crm_import.models.links import Crosswalk, OptionValue, PendingLink
from crm_import.models.plans import ImportPlan, Scope
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
    "ForgottenRow",
    "ImportPlan",
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
    "Scope",
    "SourceFile",
    "UnreadableRecord",
)
