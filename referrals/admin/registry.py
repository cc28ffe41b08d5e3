"""What registries told us that a person has to look at, and what they told of a record."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant
from unfold.widgets import DATETIME_CLASSES, UnfoldAdminTextInputWidget

from patients.models import MedicalCondition
from portal.core.admin import (
    AutocompleteFilter,
    Briefing,
    ChoicesFilter,
    Fact,
    ReadOnlyAdmin,
    Verb,
    VerbForm,
)
from portal.core.admin.display import NOTHING, badge, choice_badge, day, moment, two_lines
from referrals import catalogue, completeness, reassessing
from referrals.models import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.described import Described

LINES_SHOWN = {"official_title": 2, "criteria_text": 16, "notes": 4}
STUDY_PAGE = "https://clinicaltrials.gov/study/{}"

# --- on the page of a trial or program ------------------------------------------------------------


class ConfirmForm(VerbForm):
    """When, and by whom."""

    on = forms.DateField(
        label=gettext_lazy("Day"),
        widget=forms.DateInput({"type": "date", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%d"),
        initial=timezone.localdate,
    )
    with_whom = forms.CharField(
        label=gettext_lazy("With whom"),
        max_length=200,
        help_text=gettext_lazy("Name and role at the site or sponsor."),
        widget=UnfoldAdminTextInputWidget,
    )


class Confirm(Verb):
    name = "confirm"
    label = gettext_lazy("Confirm")
    icon = "verified"
    variant = ActionVariant.PRIMARY
    form_class = ConfirmForm
    # Confirmed twice comes to the same.
    is_versioned = False

    def __init__(self, permission: str) -> None:
        self.permissions = (permission,)  # type: ignore[misc]

    def is_offered(self, record: Described, user: Any) -> bool:
        return True

    def briefing(self, record: Described, user: Any) -> Briefing:
        will = [_("The page says who confirmed, and when, that this is still so.")]
        if record.last_confirmed_on is not None:
            values = {
                "day": day(record.last_confirmed_on),
                "whom": record.last_confirmed_with or NOTHING,
            }
            will.append(_("Until now: %(day)s, %(whom)s.") % values)
        return Briefing(will=will)

    def run(self, record: Described, *, by: Any, said: Mapping[str, Any]) -> str:
        catalogue.confirm(
            type(record), record_id=record.pk, by=by, on=said["on"], with_whom=said["with_whom"]
        )
        return _("Confirmed: %(day)s.") % {"day": day(said["on"])}


class TakeRegistrys(Verb):
    name = "take-registrys"
    label = gettext_lazy("Take the registry’s values")
    icon = "restart_alt"

    def __init__(self, permission: str) -> None:
        self.permissions = (permission,)  # type: ignore[misc]

    def is_offered(self, record: Described, user: Any) -> bool:
        return bool(catalogue.differing(record))

    def briefing(self, record: Described, user: Any) -> Briefing:
        will = [
            _("%(field)s: ours is “%(ours)s”, the registry says “%(theirs)s”.")
            % {
                "field": str(record._meta.get_field(name).verbose_name).capitalize(),  # type: ignore[union-attr]
                "ours": _short(getattr(record, name)),
                "theirs": _short(value),
            }
            for name, value in catalogue.differing(record).items()
        ]
        will.append(_("Conditions, sites and our notes stay as they are."))
        return Briefing(will=will)

    def run(self, record: Described, *, by: Any, said: Mapping[str, Any]) -> str:
        catalogue.take_registrys(type(record), record_id=record.pk, by=by)
        return _("The record is as the registry has it.")


def _short(value: Any) -> str:
    text = str(value)
    return f"{text[:80]}…" if len(text) > 80 else text


class FromRegistry:
    """Mixed into the admin of what a registry tells about: how its parts are shown."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes as tall as what is usually in them."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.name in LINES_SHOWN:
            formfield.widget.attrs["rows"] = LINES_SHOWN[db_field.name]
        return formfield

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whoever is followed for it is looked at again, once its conditions are saved too."""
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        if change:
            reassessing.follow_offers([form.instance])

    @admin.display(description=gettext_lazy("as the registry names them"))
    def conditions_written(self, record: Described) -> SafeString | str:
        return _lines(record.condition_texts)

    @admin.display(description=gettext_lazy("interventions"))
    def interventions_shown(self, record: Described) -> SafeString | str:
        return _lines(
            " · ".join(
                filter(
                    None,
                    (
                        one.get("name", ""),
                        one.get("type", "").replace("_", " ").lower(),
                        ", ".join(one.get("other_names", ())),
                    ),
                )
            )
            for one in record.interventions
        )

    @admin.display(description=gettext_lazy("other numbers"))
    def numbers_shown(self, record: Described) -> str:
        return ", ".join(record.secondary_ids) or NOTHING

    @admin.display(description=gettext_lazy("contacts"))
    def contacts_shown(self, record: Any) -> SafeString | str:
        return people(record.contacts)

    @admin.display(description=gettext_lazy("values we do not know"))
    def unrecognised_shown(self, record: Described) -> SafeString | str:
        return _lines(
            f"{name.replace('_', ' ')}: {', '.join(held)}"
            for name, held in record.unrecognised.items()
        )

    @admin.display(description=gettext_lazy("where it came from"))
    def came_from(self, record: Described) -> SafeString | str:
        told: RegistryRecord | None = getattr(record, "registry_record", None)
        if told is None:
            return _("Entered here.")
        values = {"source": told.source, "shape": told.get_shape_display()}
        lines = [
            _("%(source)s, %(shape)s") % values,
            _("Last change read %(when)s") % {"when": moment(told.updated_at)},
        ]
        return _lines(lines)

    @admin.display(description=gettext_lazy("changed here"))
    def changed_here(self, record: Described) -> str:
        names = [
            str(record._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in catalogue.differing(record)
        ]
        return ", ".join(names).capitalize() or NOTHING

    @admin.display(description=gettext_lazy("completeness"))
    def completeness_shown(self, record: Any) -> str:
        return f"{record.filled} %"

    @admin.display(description=gettext_lazy("last confirmed"))
    def confirmed(self, record: Described) -> str:
        return day(record.last_confirmed_on)


def completeness_fact(record: Described) -> Fact:
    """How complete the record is, and what is missing."""
    missing = completeness.missing_of(record)
    needs = completeness.NEEDS[type(record)]
    filled = 100 * (len(needs) - len(missing)) // len(needs)
    if not missing:
        return Fact(_("Completeness"), _("complete"))
    names = ", ".join(str(need.label) for need in missing)
    return Fact(_("Completeness"), two_lines(f"{filled} %", _("missing: %s") % names))


def study_link(number: str) -> SafeString | str:
    """The number, leading to the record at ClinicalTrials.gov."""
    if not number.startswith("NCT"):
        return number or NOTHING
    return format_html(
        '<a class="portal-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        STUDY_PAGE.format(number),
        number,
    )


def people(contacts: Iterable[Mapping[str, str]]) -> SafeString | str:
    """The public contacts of a study or site, one a line."""
    return _lines(
        " · ".join(
            filter(
                None,
                (
                    one.get("name"),
                    (one.get("role") or "").replace("_", " ").lower(),
                    one.get("phone"),
                    one.get("email"),
                ),
            )
        )
        for one in contacts
    )


def _lines(lines: Iterable[str]) -> SafeString | str:
    shown = [(line,) for line in lines]
    return format_html_join("", "<div>{}</div>", shown) if shown else NOTHING


# --- conditions to place --------------------------------------------------------------------------

PLACE = ("referrals.change_unplacedcondition",)


class LinkForm(VerbForm):
    """Which condition it is."""

    condition = forms.ModelChoiceField(
        MedicalCondition.objects.defer("search"), label=gettext_lazy("Condition")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        conditions: Any = admin.site._registry[MedicalCondition]
        chooser: Any = self.fields["condition"]
        chooser.widget = AutocompleteSelect(
            UnplacedCondition._meta.get_field("condition"),
            admin.site,
        )
        chooser.widget.choices = chooser.choices
        chooser.label_from_instance = conditions.autocomplete_label


class LinkToCondition(Verb):
    name = "link"
    label = gettext_lazy("Link to a condition")
    icon = "link"
    variant = ActionVariant.PRIMARY
    permissions = (*PLACE, "patients.add_conditionname")
    form_class = LinkForm
    template = "referrals/choose_condition.html"
    done_already = gettext_lazy("It is linked to a condition already.")

    def is_offered(self, record: UnplacedCondition, user: Any) -> bool:
        return record.state != UnplacedCondition.State.LINKED

    def briefing(self, record: UnplacedCondition, user: Any) -> Briefing:
        values = {"name": record.name}
        return Briefing(
            will=(
                _("“%(name)s” becomes one of the condition’s names.") % values,
                _("Every trial and program that names it is linked to the condition."),
            )
        )

    def run(self, record: UnplacedCondition, *, by: Any, said: Mapping[str, Any]) -> str:
        condition = said["condition"]
        catalogue.link(name_id=record.pk, condition_id=condition.pk, by=by)
        return _("Linked to %(condition)s.") % {"condition": condition}


class MakeForm(VerbForm):
    """What our condition is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=300, widget=UnfoldAdminTextInputWidget
    )
    abbreviation = forms.CharField(
        label=gettext_lazy("Abbreviation"),
        max_length=30,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


class MakeCondition(Verb):
    name = "make"
    label = gettext_lazy("Make a condition")
    icon = "add"
    permissions = (*LinkToCondition.permissions, "patients.add_medicalcondition")
    done_already = LinkToCondition.done_already

    def is_offered(self, record: UnplacedCondition, user: Any) -> bool:
        return record.state != UnplacedCondition.State.LINKED

    def form(self, data: Any, *, record: UnplacedCondition, user: Any) -> MakeForm:
        return MakeForm(data, record=record, user=user, initial={"name": record.name})

    def briefing(self, record: UnplacedCondition, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("A condition is made. The registry’s name is one of its names."),
                _("Every trial and program that names it is linked to the condition."),
            )
        )

    def run(self, record: UnplacedCondition, *, by: Any, said: Mapping[str, Any]) -> str:
        made = catalogue.make_condition(
            name_id=record.pk, name=said["name"], abbreviation=said["abbreviation"], by=by
        )
        return _("Made: %(condition)s.") % {"condition": made.condition}


class Ignore(Verb):
    name = "ignore"
    label = gettext_lazy("Ignore")
    icon = "block"
    permissions = PLACE

    def is_offered(self, record: UnplacedCondition, user: Any) -> bool:
        return record.state == UnplacedCondition.State.OPEN

    def briefing(self, record: UnplacedCondition, user: Any) -> Briefing:
        return Briefing(will=(_("It leaves the list. No import asks for it again."),))

    def run(self, record: UnplacedCondition, *, by: Any, said: Mapping[str, Any]) -> str:
        catalogue.ignore(name_id=record.pk, by=by)
        return _("Ignored: %(name)s.") % {"name": record}


class AskAgain(Verb):
    name = "ask-again"
    label = gettext_lazy("Ask again")
    icon = "undo"
    permissions = PLACE

    def is_offered(self, record: UnplacedCondition, user: Any) -> bool:
        return record.state == UnplacedCondition.State.IGNORED

    def briefing(self, record: UnplacedCondition, user: Any) -> Briefing:
        return Briefing(will=(_("It is back in the list of conditions to place."),))

    def run(self, record: UnplacedCondition, *, by: Any, said: Mapping[str, Any]) -> str:
        catalogue.ask_again(name_id=record.pk, by=by)
        return _("Back in the list: %(name)s.") % {"name": record}


@admin.register(UnplacedCondition)
class UnplacedConditionAdmin(ReadOnlyAdmin):
    """Conditions as registries write them that are none of the names we know."""

    list_display = ("name", "mentioned", "state_shown", "condition")
    list_filter = (("state", ChoicesFilter), ("condition", AutocompleteFilter))
    search_fields = ("name",)
    search_help_text = gettext_lazy("Part of the name")
    ordering = ("state", "-mentions", "-id")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Trials that name it are not found under any condition until it is placed."
                ),
                "fields": (
                    ("name", "mentions"),
                    ("state_shown", "condition"),
                    ("decided_by", "decided_at"),
                ),
            },
        ),
    )
    readonly_fields = ("state_shown",)
    verbs = (LinkToCondition(), MakeCondition(), Ignore(), AskAgain())

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("condition").defer("condition__search")

    @admin.display(description=gettext_lazy("named by"))
    def mentioned(self, one: UnplacedCondition) -> str:
        return ngettext("%(count)d record", "%(count)d records", one.mentions) % {
            "count": one.mentions
        }

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, one: UnplacedCondition) -> str:
        tone = "amber" if one.state == UnplacedCondition.State.OPEN else "grey"
        return badge(one.state, one.get_state_display(), tone)


# --- records ------------------------------------------------------------------------------------


@admin.register(RegistryRecord)
class RegistryRecordAdmin(ReadOnlyAdmin):
    """What registries said last, with which the next import compares."""

    list_display = ("registry_id", "trial", "program", "source", "shape", "updated_at")
    list_filter = (("shape", ChoicesFilter),)
    search_fields = ("registry_id",)
    search_help_text = gettext_lazy("Part of the number")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Public data of the study, with the people it names. Not edited here."
                ),
                "fields": (
                    ("registry_id", "shape"),
                    ("trial", "program"),
                    ("source", "updated_at"),
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("said")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("trial", "program").defer(
            "said", "trial__search", "trial__criteria_text", "program__search"
        )


class Dismiss(Verb):
    name = "dismiss"
    label = gettext_lazy("Looked at")
    icon = "check"
    variant = ActionVariant.PRIMARY
    permissions = ("referrals.change_setasiderecord",)

    def is_offered(self, record: SetAsideRecord, user: Any) -> bool:
        return record.is_open

    def briefing(self, record: SetAsideRecord, user: Any) -> Briefing:
        return Briefing(
            will=(_("It leaves the list. The record is kept, and is not set aside again."),)
        )

    def run(self, record: SetAsideRecord, *, by: Any, said: Mapping[str, Any]) -> str:
        catalogue.dismiss(record_id=record.pk, by=by)
        return _("Looked at.")


@admin.register(SetAsideRecord)
class SetAsideRecordAdmin(ReadOnlyAdmin):
    """Records of registries that an import could not use."""

    list_display = ("where", "reason_shown", "registry_id", "is_open", "created_at")
    list_filter = ("is_open", ("reason", ChoicesFilter))
    search_fields = ("registry_id", "source")
    search_help_text = gettext_lazy("Part of the number or of the file's name")
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Correct it at the source and import it again."),
                "fields": (
                    ("source", "place"),
                    ("reason", "detail"),
                    ("registry_id", "is_open"),
                    "content",
                ),
            },
        ),
    )
    verbs = (Dismiss(),)

    @admin.display(description=gettext_lazy("where"))
    def where(self, record: SetAsideRecord) -> str:
        return two_lines(record.source, record.place)

    @admin.display(description=gettext_lazy("reason"))
    def reason_shown(self, record: SetAsideRecord) -> str:
        return choice_badge(record, "reason")
