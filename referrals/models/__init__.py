"""The tables of referrals.

`catalogue` and `programs` hold what can be offered (trials and sites; products and access
programs), `registry` what registries told of them, `routes` how a dossier is done in a country,
`criteria` what is demanded of patients, `answers` what they said to it and what it came to, `ct`
the referrals to clinical trials, `ct_changes` their way and `reasons` why they ended, `eap` the
dossiers of expanded access. Submodules import downwards only: described ← catalogue, programs ←
registry, criteria ← answers; catalogue, programs, routes ← ct, eap; reasons ← ct ← ct_changes.
"""

from referrals.models.answers import Assessed, CriterionAnswer
from referrals.models.catalogue import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.criteria import Criterion
from referrals.models.ct import CTReferral, CTReferralQuerySet
from referrals.models.ct_changes import ReferralChange
from referrals.models.eap import DossierStep, DossierStepDependency, EAPDossier, EAPDossierQuerySet
from referrals.models.programs import ExpandedAccessProgram, Product, ProgramCondition
from referrals.models.reasons import UNFIT, Reason
from referrals.models.registry import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.reports import OptionsReport
from referrals.models.routes import Responsible, RouteStep, RouteStepDependency, RouteTemplate

__all__ = (
    "UNFIT",
    "Assessed",
    "CTReferral",
    "CTReferralQuerySet",
    "ClinicalTrial",
    "Criterion",
    "CriterionAnswer",
    "DossierStep",
    "DossierStepDependency",
    "EAPDossier",
    "EAPDossierQuerySet",
    "ExpandedAccessProgram",
    "OptionsReport",
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
    "TrialCondition",
    "TrialSite",
    "UnplacedCondition",
)
