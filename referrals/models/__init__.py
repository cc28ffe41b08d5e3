"""The tables of referrals.

`catalogue` and `programs` hold what can be offered (trials and sites; products and access
programs), `registry` what registries told of them, `routes` how a dossier is done in a country,
`ct` the referrals to clinical trials, `eap` the dossiers of expanded access. Submodules import
downwards only: described ← catalogue, programs ← registry; catalogue, programs, routes ← ct, eap.
"""

from referrals.models.catalogue import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.ct import CTReferral, CTReferralQuerySet
from referrals.models.eap import DossierStep, DossierStepDependency, EAPDossier, EAPDossierQuerySet
from referrals.models.programs import ExpandedAccessProgram, Product, ProgramCondition
from referrals.models.registry import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.routes import RouteStep, RouteStepDependency, RouteTemplate

__all__ = (
    "CTReferral",
    "CTReferralQuerySet",
    "ClinicalTrial",
    "DossierStep",
    "DossierStepDependency",
    "EAPDossier",
    "EAPDossierQuerySet",
    "ExpandedAccessProgram",
    "Product",
    "ProgramCondition",
    "RegistryRecord",
    "RouteStep",
    "RouteStepDependency",
    "RouteTemplate",
    "SetAsideRecord",
    "TrialCondition",
    "TrialSite",
    "UnplacedCondition",
)
