"""The tables of referrals.

`catalogue` and `programs` hold what can be offered (trials and sites; products and access
programs), `registry` what registries told of them, `routes` how a dossier is done in a country,
`ct` the referrals to clinical trials, `ct_changes` their way and `reasons` why they ended, `eap`
the dossiers of expanded access, `dossier_steps` their steps and `dossier_changes` their way.
Submodules import downwards only: described ← catalogue, programs ← registry; catalogue, programs,
routes ← ct, eap; reasons ← ct ← ct_changes; eap ← dossier_steps ← dossier_changes.
"""

from referrals.models.catalogue import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.ct import CTReferral, CTReferralQuerySet
from referrals.models.ct_changes import ReferralChange
from referrals.models.dossier_changes import DossierChange
from referrals.models.dossier_steps import DossierStep, DossierStepDependency, StepDocument
from referrals.models.eap import EAPDossier, EAPDossierQuerySet
from referrals.models.programs import ExpandedAccessProgram, Product, ProgramCondition
from referrals.models.reasons import UNFIT, Reason
from referrals.models.registry import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.routes import (
    DayKind,
    Milestone,
    Responsible,
    RouteStep,
    RouteStepDependency,
    RouteTemplate,
)

__all__ = (
    "UNFIT",
    "CTReferral",
    "CTReferralQuerySet",
    "ClinicalTrial",
    "DayKind",
    "DossierChange",
    "DossierStep",
    "DossierStepDependency",
    "EAPDossier",
    "EAPDossierQuerySet",
    "ExpandedAccessProgram",
    "Milestone",
    "Product",
    "ProgramCondition",
    "Reason",
    "ReferralChange",
    "RegistryRecord",
    "Responsible",
    "RouteStep",
    "RouteStepDependency",
    "RouteTemplate",
    "SetAsideRecord",
    "StepDocument",
    "TrialCondition",
    "TrialSite",
    "UnplacedCondition",
)
