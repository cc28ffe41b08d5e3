"""The tables of referrals.

`catalogue` holds what can be offered (trials, sites, products, access programs), `routes` how a
dossier is done in a country, `ct` the referrals to clinical trials
and `ct_changes` their way, `eap` the dossiers of
expanded access. Submodules import downwards only: catalogue, routes ← ct, eap.
"""

from referrals.models.catalogue import (
    ClinicalTrial,
    ExpandedAccessProgram,
    Product,
    TrialCondition,
    TrialSite,
)
from referrals.models.ct import CTReferral, CTReferralQuerySet
from referrals.models.ct_changes import ReferralChange
from referrals.models.eap import DossierStep, DossierStepDependency, EAPDossier, EAPDossierQuerySet
from referrals.models.reasons import UNFIT, Reason
from referrals.models.routes import Responsible, RouteStep, RouteStepDependency, RouteTemplate

__all__ = (
    "UNFIT",
    "CTReferral",
    "CTReferralQuerySet",
    "ClinicalTrial",
    "DossierStep",
    "DossierStepDependency",
    "EAPDossier",
    "EAPDossierQuerySet",
    "ExpandedAccessProgram",
    "Product",
    "Reason",
    "ReferralChange",
    "Responsible",
    "RouteStep",
    "RouteStepDependency",
    "RouteTemplate",
    "TrialCondition",
    "TrialSite",
)
