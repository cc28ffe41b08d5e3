"""The tables of the migration. They go when the legacy CRM is gone; nothing refers to them.

`archive` keeps every legacy row as it came, `runs` what each run did with it, `links` what was
learnt: which legacy id became which record, what an option value means, which link still waits.
`checked` is what was counted again and signed, and what a rollback took back.
Submodules import upwards in this order only: runs ← archive, links, checked.
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
from crm_import.models.checked import TakenBack, Verification, VerificationSignature
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
    "TakenBack",
    "UnreadableRecord",
    "Verification",
    "VerificationSignature",
)
