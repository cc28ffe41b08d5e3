"""How a dossier is done: versioned route templates. Country routes are data, not code."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.choices import country_choices
from portal.core.constraints import one_of
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


class DayKind(models.TextChoices):
    """How the days of a step are counted."""

    CALENDAR = "calendar", _("Calendar days")
    WORKING = "working", _("Working days")


class Milestone(models.TextChoices):
    """What a step stands for, beyond itself."""

    ENROLMENT = "enrolment", _("Taken into the program")
    INFORMED_CONSENT = "informed_consent", _("Informed consent")
    FIRST_DOSE = "first_dose", _("First dose")


class PlannedStep(Record):
    """What a step of a route says, and the step of a dossier that is made from it."""

    title = models.CharField(_("title"), max_length=200)
    responsible = models.CharField(
        _("who acts"),
        max_length=20,
        choices=Responsible.choices,
        default=Responsible.NAVIGATOR,
    )
    goes_to = models.CharField(
        _("goes to"),
        max_length=20,
        choices=Responsible.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Who receives it and decides. Blank: nothing is sent."),
    )
    days = models.PositiveSmallIntegerField(
        _("days"),
        null=True,
        blank=True,
        help_text=_("How long it takes, counted from sending when something is sent."),
    )  # null: nobody knows
    within_days = models.PositiveSmallIntegerField(
        _("within days"),
        null=True,
        blank=True,
        help_text=_("By when it has to be sent or done, once it can begin."),
    )  # null: no such rule
    day_kind = models.CharField(
        _("counted in"),
        max_length=10,
        choices=DayKind.choices,
        default=DayKind.CALENDAR,
        db_default=DayKind.CALENDAR.value,
    )
    country = models.CharField(
        _("holidays of"),
        max_length=2,
        blank=True,
        default="",
        db_default="",
        choices=country_choices,
        help_text=_("Whose public holidays are no working days."),
    )
    documents = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("documents"),
        default=list,
        blank=True,
        db_default=[],
        help_text=_("What has to be there before it is sent or done, separated by commas."),
    )
    is_optional = models.BooleanField(_("may be left out"), default=False, db_default=False)
    milestone = models.CharField(
        _("stands for"),
        max_length=20,
        choices=Milestone.choices,
        blank=True,
        default="",
        db_default="",
    )
    valid_days = models.PositiveSmallIntegerField(
        _("valid for days"), null=True, blank=True
    )  # null: the decision says how long

    class Meta:
        abstract = True

    class Privacy:
        none = (
            "title",
            "responsible",
            "goes_to",
            "days",
            "within_days",
            "day_kind",
            "country",
            "documents",
            "is_optional",
            "milestone",
            "valid_days",
        )


def known_plan(table: str) -> tuple[models.CheckConstraint, ...]:
    """That every table of planned steps holds known words only."""
    return (
        one_of("day_kind", "calendar", "working", name=f"referrals_{table}_day_kind_known"),
        one_of(
            *("milestone", "", "enrolment", "informed_consent", "first_dose"),
            name=f"referrals_{table}_milestone_known",
        ),
    )


def refuse_circle(dependency: models.Model) -> None:
    """Raise ValidationError when this step would wait, however far around, for itself."""
    links = type(dependency)._default_manager.exclude(pk=dependency.pk)
    step, ahead = dependency.step_id, {dependency.needed_id}  # type: ignore[attr-defined]
    seen = set()
    while ahead:
        if step in ahead:
            message = _("Then these steps would wait for each other.")
            raise ValidationError({"needed": ValidationError(message, code="circle")})
        seen |= ahead
        ahead = set(links.filter(step__in=ahead).values_list("needed", flat=True)) - seen


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
class RouteStep(PlannedStep):
    """One step of a route, with the source that says it is needed."""

    template = models.ForeignKey(
        RouteTemplate, verbose_name=_("route"), on_delete=models.CASCADE, related_name="steps"
    )
    key = models.SlugField(_("key"), max_length=50)
    position = models.PositiveSmallIntegerField(_("position"))
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
            *known_plan("routestep"),
        )

    class Privacy:
        none = ("template", "key", "position", "source")

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

    def clean(self) -> None:
        """Also refuse a circle, in which nothing could ever begin."""
        super().clean()
        if None not in (self.step_id, self.needed_id):
            refuse_circle(self)
