"""The tables of referrals.

`catalogue` and `programs` hold what can be offered (trials and sites; products and access
programs), `registry` what registries told of them, `routes` how a dossier is done in a country,
`criteria` what is demanded of patients, `answers` what they said to it and what it came to, `ct`
the referrals to clinical trials, `ct_changes` their way and `reasons` why they ended, `eap` the
dossiers of expanded access, `dossier_steps` their steps and `dossier_changes` their way, `supply`
their shipments, `follow_ups` what was agreed, `safety` their safety reports, `safety_clocks` the
law behind these and `safety_changes` whom was told, `reports` the options of a patient as they
were written down.
Submodules import downwards only: described ← catalogue, programs ← registry, criteria ← answers;
catalogue, programs, routes ← ct, eap; reasons ← ct ← ct_changes; eap ← dossier_steps ←
dossier_changes; eap ← supply, follow_ups, safety ← safety_changes.
"""

from referrals.models.answers import Assessed, CriterionAnswer
from referrals.models.catalogue import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.criteria import Criterion
from referrals.models.ct import CTReferral, CTReferralQuerySet
from referrals.models.ct_changes import ReferralChange
from referrals.models.dossier_changes import DossierChange
from referrals.models.dossier_steps import DossierStep, DossierStepDependency, StepDocument
from referrals.models.eap import EAPDossier, EAPDossierQuerySet
from referrals.models.follow_ups import FollowUp, FollowUpQuerySet
from referrals.models.programs import ExpandedAccessProgram, Product, ProgramCondition
from referrals.models.reasons import UNFIT, Reason
from referrals.models.registry import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.reports import OptionsReport
from referrals.models.routes import (
    DayKind,
    Milestone,
    Responsible,
    RouteStep,
    RouteStepDependency,
    RouteTemplate,
)
from referrals.models.safety import SafetyReport, SafetyReportQuerySet
from referrals.models.safety_changes import SafetyReportChange
from referrals.models.supply import Shipment, ShipmentQuerySet

__all__ = (
    "UNFIT",
    "Assessed",
    "CTReferral",
    "CTReferralQuerySet",
    "ClinicalTrial",
    "Criterion",
    "CriterionAnswer",
    "DayKind",
    "DossierChange",
    "DossierStep",
    "DossierStepDependency",
    "EAPDossier",
    "EAPDossierQuerySet",
    "ExpandedAccessProgram",
    "FollowUp",
    "FollowUpQuerySet",
    "Milestone",
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
    "SafetyReport",
    "SafetyReportChange",
    "SafetyReportQuerySet",
    "SetAsideRecord",
    "Shipment",
    "ShipmentQuerySet",
    "StepDocument",
    "TrialCondition",
    "TrialSite",
    "UnplacedCondition",
)
