"""The tables of the migration. They go when the legacy CRM is gone; nothing refers to them.

`archive` keeps every legacy row as it came, `runs` what each run did with it, `links` what was
learnt: which legacy id became which record, what an option value means, which link still waits;
`conflicts` are fields on which rows disagree, `decisions` what people said. `plans` holds what runs
were planned to do, `checked` what was counted again and signed, and what a rollback took back.
Submodules import upwards in this order only: plans ← runs ← archive, links, conflicts, decisions,
checked.
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
from crm_import.models.conflicts import FieldConflict
from crm_import.models.decisions import Correction, PairDecision
from crm_import.models.links import ASKED_ABOUT, Crosswalk, OptionValue, PendingLink
from crm_import.models.plans import ImportPlan, Scope
from crm_import.models.runs import (
    Entity,
    ForgottenRow,
    HeldRow,
    ImportRun,
    Problem,
    RowOutcome,
    SourceFile,
    UnreadableRecord,
)

__all__ = (
    "ASKED_ABOUT",
    "Correction",
    "Crosswalk",
    "Entity",
    "FieldConflict",
    "ForgottenRow",
    "HeldRow",
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
    "PairDecision",
    "PendingLink",
    "Problem",
    "RowOutcome",
    "Scope",
    "SourceFile",
    "TakenBack",
    "UnreadableRecord",
    "Verification",
    "VerificationSignature",
)
