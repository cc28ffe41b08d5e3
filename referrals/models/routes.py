"""How a dossier is done: versioned route templates. Country routes are data, not code."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.choices import country_choices
from portal.core.history import tracked
from portal.core.models import Record


class Responsible(models.TextChoices):
    """Who has to act for a referral or a step to go on."""

    NAVIGATOR = "navigator", _("Navigator")
    PHYSICIAN = "physician", _("Physician")
    PATIENT = "patient", _("Patient")
    SITE = "site", _("Trial site")
    SPONSOR = "sponsor", _("Sponsor")
    AUTHORITY = "authority", _("Authority")
    ETHICS = "ethics", _("Ethics committee")
    PHARMACY = "pharmacy", _("Pharmacy")


@tracked
class RouteTemplate(Record):
    """One version of the steps that lead to treatment in a country. A change is a new version."""

    code = models.SlugField(_("code"), max_length=50)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    title = models.CharField(_("title"), max_length=200)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        choices=country_choices,
        help_text=_("Blank: any country."),
    )
    is_active = models.BooleanField(_("may be chosen"), default=True)

    class Meta:
        verbose_name = _("route template")
        verbose_name_plural = _("route templates")
        ordering = ("code", "-revision")
        constraints = (
            models.UniqueConstraint(
                fields=("code", "revision"),
                name="referrals_routetemplate_revision_once",
                violation_error_message=_("This revision of the route exists already."),
            ),
        )

    class Privacy:
        none = ("code", "revision", "title", "country", "is_active")

    def __str__(self) -> str:
        return f"{self.title} ({self.revision})"

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_routetemplate_change", args=[self.pk])


@tracked
class RouteStep(Record):
    """One step of a route, with the source that says it is needed."""

    template = models.ForeignKey(
        RouteTemplate, verbose_name=_("route"), on_delete=models.CASCADE, related_name="steps"
    )
    key = models.SlugField(_("key"), max_length=50)
    title = models.CharField(_("title"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"))
    responsible = models.CharField(
        _("who acts"),
        max_length=20,
        choices=Responsible.choices,
        default=Responsible.NAVIGATOR,
    )
    days = models.PositiveSmallIntegerField(
        _("days"), null=True, blank=True, help_text=_("Calendar days it usually takes.")
    )  # null: nobody knows
    source = models.CharField(
        _("source"), max_length=500, blank=True, help_text=_("The law, form or guidance.")
    )

    class Meta:
        verbose_name = _("step of the route")
        verbose_name_plural = _("steps of the route")
        ordering = ("template", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("template", "key"),
                name="referrals_routestep_key_once",
                violation_error_message=_("The route has this step already."),
            ),
        )

    class Privacy:
        none = ("template", "key", "title", "position", "responsible", "days", "source")

    def __str__(self) -> str:
        return self.title


@tracked
class RouteStepDependency(Record):
    """A step of a route that must be done before another can begin."""

    step = models.ForeignKey(
        RouteStep, verbose_name=_("step"), on_delete=models.CASCADE, related_name="needs"
    )
    needed = models.ForeignKey(
        RouteStep, verbose_name=_("needs"), on_delete=models.CASCADE, related_name="needed_by"
    )

    class Meta:
        verbose_name = _("dependency between steps")
        verbose_name_plural = _("dependencies between steps")
        ordering = ("step", "needed")
        constraints = (
            models.UniqueConstraint(
                fields=("step", "needed"),
                name="referrals_routestepdependency_once",
                violation_error_message=_("This dependency is there already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(step=models.F("needed")),
                name="referrals_routestepdependency_not_itself",
                violation_error_message=_("A step cannot wait for itself."),
            ),
        )

    class Privacy:
        none = ("step", "needed")

    def __str__(self) -> str:
        return f"{self.step} ← {self.needed}"
