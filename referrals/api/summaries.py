"""What other records show of trials, programs, products and dossiers."""

from portal.core.api.serializers import Summary
from referrals.models import (
    ClinicalTrial,
    EAPDossier,
    ExpandedAccessProgram,
    Product,
    RouteStep,
    RouteTemplate,
    TrialSite,
)


class TrialSummary(Summary):
    """A clinical trial."""

    class Meta:
        model = ClinicalTrial
        fields = ("id", "registry_id", "title", "status")


class SiteSummary(Summary):
    """A place where a trial is done."""

    class Meta:
        model = TrialSite
        fields = ("id", "facility", "city", "country")


class ProductSummary(Summary):
    """A product."""

    class Meta:
        model = Product
        fields = ("id", "name")


class ProgramSummary(Summary):
    """An expanded access program and its product."""

    class Meta:
        model = ExpandedAccessProgram
        fields = ("id", "eap_number", "title", "product")
        related = {"product": ProductSummary}


class RouteSummary(Summary):
    """The route that a dossier follows."""

    class Meta:
        model = RouteTemplate
        fields = ("id", "code", "revision", "title")


class RouteStepSummary(Summary):
    """A step of a route."""

    class Meta:
        model = RouteStep
        fields = ("id", "key", "title")


class DossierSummary(Summary):
    """A dossier."""

    class Meta:
        model = EAPDossier
        fields = ("id", "number", "state")
