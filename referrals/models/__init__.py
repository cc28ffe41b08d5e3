"""The tables of referrals.

`catalogue` holds what can be offered (trials, sites, products, access programs), `routes` how a
dossier is done in a country, `ct` the referrals to clinical trials, `eap` the dossiers of
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
from referrals.models.eap import DossierStep, DossierStepDependency, EAPDossier, EAPDossierQuerySet
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
    "RouteStep",
    "RouteStepDependency",
    "RouteTemplate",
    "TrialCondition",
    "TrialSite",
)
