"""What can be done to a record: a button on its page, which leads to a page of its own.

An admin class lists its `verbs`. The page of a verb says what will happen and what is missing,
asks for a reason where one is needed, and on POST calls the function that does it. Who may not do
it gets neither the button nor the page. What the function refuses comes back as an error, with
all that is missing; what it did is said on the record's page.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.enums import ActionVariant

from portal.core.admin.refusals import REFUSALS, is_refusal, refusal_of
from portal.core.errors import Missing, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What the page says before anything is done.

    `will` are sentences. With `may_go_on` off, what is missing cannot be set aside by the viewer:
    then the page has no form, and `advice` says what to do instead.
    """

    will: Sequence[Any] = ()
    missing: Sequence[Missing] = ()
    may_go_on: bool = True
    advice: Any = ""


class VerbForm(forms.Form):
    """What has to be said for a verb; the fields use the theme's widgets."""

    def __init__(self, *args: Any, record: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record
        self.user = user


class Verb(ABC):
    """One thing that can be done to a record. Subclasses declare; see the module's docstring."""

    name: str  # the last part of the URL
    label: Any
    icon: str = ""
    variant = ActionVariant.DEFAULT
    is_button = True  # off: other pages lead to it
    is_rare = False  # on: its button stands in the menu of further ones
    permissions: ClassVar[Sequence[str]] = ()  # besides seeing the record: "app.change_model"
    form_class: type[VerbForm] = VerbForm
    template = "portal/record/verb.html"
    submit: Any = ""  # what the page's own button says; the label by default
    leave: Any = gettext_lazy("Cancel")  # what the button says that changes nothing
    # Whether the page is void when the record has changed since it was shown. If not, it must not
    # matter, and the function sees to it that a second click does nothing twice.
    is_versioned = True
    # Whether others may add rows that point at the record while it is locked.
    no_key = False
    # Off for a function that commits by itself, step by step; such a verb is not versioned.
    is_atomic = True
    done_already: Any = gettext_lazy("Nothing to do: the record says so already.")

    def look(self, record: Any) -> ActionVariant:
        """How the button looks on the page of this record; primary is what can be done next."""
        return self.variant

    def is_allowed(self, user: Any) -> bool:
        return bool(user.has_perms(self.permissions))

    @abstractmethod
    def is_offered(self, record: Any, user: Any) -> bool:
        """Whether it makes sense for this record; asked again before it is done.

        No more once it is done: so a second click is no error.
        """

    @abstractmethod
    def briefing(self, record: Any, user: Any) -> Briefing:
        """What to say before it is done."""

    @abstractmethod
    def run(self, record: Any, *, by: Any, said: Mapping[str, Any]) -> str:
        """Do it, and return what was done in a sentence. `said` is the form's cleaned data.

        Called in a transaction when the verb is atomic; the record is locked when it is
        versioned. REFUSALS are shown on the page.
        """

    def form(self, data: Any, *, record: Any, user: Any) -> VerbForm:
        """The form of the page; `data` is None until it is sent."""
        return self.form_class(data, record=record, user=user)

    def context(self, record: Any, user: Any) -> dict[str, Any]:
        """What a template of its own needs more."""
        return {}

    def back_to(self, record: Any) -> Any:
        """The record whose page is opened afterwards; its own page by default."""
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A button on a record's page that leads to a page which is there already.

    It stands before the verbs, or behind them when it `is_last`; in the menu of further buttons
    when it `is_rare`.
    """

    label: Any
    icon: str
    permissions: Sequence[str]
    is_offered: Callable[[Any], bool]
    address: Callable[[Any], str]
    is_last: bool = False
    is_rare: bool = False


def counted(counts: Mapping[type[models.Model], int]) -> str:
    """`2 bookings, 1 referral and 1 dossier`; blank when nothing is counted."""
    parts = [
        f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
        for model, count in counts.items()
        if count
    ]
    *first, last = parts or [""]
    return get_text_list([", ".join(first), last], _("and")) if first else last


def verb_urls(admin: Any) -> tuple[tuple[str, str, Callable[..., Any]], ...]:
    """The pages of an admin class's verbs, as `get_custom_urls` returns them."""
    return tuple(
        (f"<path:object_id>/{verb.name}/", _url_name(admin, verb), _view(verb))
        for verb in admin.verbs
    )


def verb_url(admin: Any, verb: Verb, record: Any) -> str:
    """Where the page of a verb is for one record."""
    return reverse(f"{admin.admin_site.name}:{_url_name(admin, verb)}", args=[record.pk])


@dataclass(frozen=True, slots=True)
class Button:
    """A verb as the record's page shows it; `look` is one of the theme's."""

    title: Any
    icon: str
    look: str
    url: str
    is_rare: bool


def verb_buttons(admin: Any, request: HttpRequest, record: Any) -> list[Button]:
    """What the viewer may do to the record now."""
    first, last = (
        [
            Button(
                title=shortcut.label,
                icon=shortcut.icon,
                look=ActionVariant.DEFAULT.value,
                url=shortcut.address(record),
                is_rare=shortcut.is_rare,
            )
            for shortcut in admin.shortcuts
            if shortcut.is_last is is_last
            and request.user.has_perms(shortcut.permissions)
            and shortcut.is_offered(record)
        ]
        for is_last in (False, True)
    )
    verbs = [
        Button(
            title=verb.label,
            icon=verb.icon,
            look=verb.look(record).value,
            url=_kept(admin, request, verb_url(admin, verb, record)),
            is_rare=verb.is_rare,
        )
        for verb in admin.verbs
        if verb.is_button
        and verb.is_allowed(request.user)
        and verb.is_offered(record, request.user)
    ]
    return [*first, *verbs, *last]


def _placed(form: VerbForm, error: Exception) -> dict[str, Any]:
    """What was refused by the field of the form that it is about; empty when that is none."""
    if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        placed: dict[str, Any] = dict(error.error_dict)
    else:
        field = getattr(error, "members", {}).get("field")
        placed = {field: refusal_of(error)} if field else {}
    return placed if placed and set(placed) <= set(form.fields) else {}


def _url_name(admin: Any, verb: Verb) -> str:
    return f"{admin.opts.app_label}_{admin.opts.model_name}_{verb.name}"


def _kept(admin: Any, request: HttpRequest, address: str) -> str:
    """The address with the filters of the list that the viewer came from."""
    preserved = {"preserved_filters": admin.get_preserved_filters(request), "opts": admin.opts}
    return str(add_preserved_filters(preserved, address))


def _view(verb: Verb) -> Callable[..., HttpResponse]:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, object_id: str, model_admin: Any) -> HttpResponse:
        return _Page(verb, model_admin, request).answer(object_id)

    return view


class _Page:
    """One request for the page of a verb."""

    def __init__(self, verb: Verb, admin: Any, request: HttpRequest) -> None:
        self.verb = verb
        self.admin = admin
        self.request = request

    def answer(self, object_id: str) -> HttpResponse:
        """The page, or where the viewer goes when it is done. Raises PermissionDenied."""
        may_see = self.admin.has_view_permission(self.request)
        if not (may_see and self.verb.is_allowed(self.request.user)):
            raise PermissionDenied
        record = self.admin.get_object(self.request, object_id)
        if record is None:
            return self._gone(object_id)
        if self.request.method == "POST":
            return self._done(record)
        if not self.verb.is_offered(record, self.request.user):
            return self._nothing_to_do(record)
        return self._shown(record, self._form(record))

    def _done(self, seen: Any) -> HttpResponse:
        form = self._form(seen, data=self.request.POST)
        try:
            with transaction.atomic() if self.verb.is_atomic else nullcontext():
                record = self._read_again(seen)
                if record is None:
                    return self._gone(str(seen.pk))
                if not self.verb.is_offered(record, self.request.user):
                    return self._nothing_to_do(record)
                self._refuse_stale(record)
                form = self._form(record, data=self.request.POST)
                if not form.is_valid():
                    return self._shown(record, form)
                message = self.verb.run(record, by=self.request.user, said=form.cleaned_data)
        except REFUSALS as error:
            if not is_refusal(error):
                raise
            return self._refused(seen, form, error)
        messages.success(self.request, message)
        return self._back(record)

    def _read_again(self, seen: Any) -> Any:
        """The record as it is now, its version locked when that counts; None if it is gone."""
        rows = self.admin.get_queryset(self.request).filter(pk=seen.pk)
        if self.verb.is_versioned:
            self.admin.lock_before(seen)
            rows = rows.select_for_update(of=("self",), no_key=self.verb.no_key)
        return rows.first()

    def _refuse_stale(self, record: Any) -> None:
        if not self.verb.is_versioned:
            return
        posted = self.request.POST.get("version", "")
        if posted != str(record.version):
            expected = int(posted) if posted.isdecimal() else 0
            raise StaleVersion(expected=expected, actual=record.version)

    def _form(self, record: Any, data: Any = None) -> VerbForm:
        return self.verb.form(data, record=record, user=self.request.user)

    def _refused(self, seen: Any, form: VerbForm, error: Exception) -> HttpResponse:
        """The page again, with why, and as the record is now: nothing has been changed."""
        record = self.admin.get_queryset(self.request).filter(pk=seen.pk).first()
        if record is None:
            return self._gone(str(seen.pk))
        if isinstance(error, StaleVersion):
            message = _("Somebody changed this record while you were reading. Read it again.")
        else:
            message = refusal_of(error)
        if placed := _placed(form, error):
            for name, why in placed.items():
                form.add_error(name, why)
            message = _("Nothing was saved. The form says why.")
        missing = [
            condition for condition in getattr(error, "missing", ()) if condition.message != message
        ]
        return self._shown(record, form, refusal=message, missing=missing, status=409)

    def _shown(
        self,
        record: Any,
        form: VerbForm,
        *,
        refusal: str = "",
        missing: Sequence[Missing] = (),
        status: int = 200,
    ) -> HttpResponse:
        self.admin.log_opened(self.request, record)
        user = self.request.user
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": f"{self.verb.label}: {record}",
            "subtitle": None,
            "original": record,
            "opts": self.admin.opts,
            "verb": self.verb,
            "is_danger": self.verb.variant is ActionVariant.DANGER,
            "briefing": self.verb.briefing(record, user),
            "form": form,
            "refusal": refusal,
            "missing": missing,
            "record_url": self._record_url(record),
            **self.verb.context(record, user),
        }
        self.request.current_app = self.admin.admin_site.name
        return TemplateResponse(self.request, self.verb.template, context, status=status)

    def _nothing_to_do(self, record: Any) -> HttpResponse:
        messages.info(self.request, str(self.verb.done_already))
        return self._back(record)

    def _gone(self, object_id: str) -> HttpResponse:
        answer: HttpResponse = self.admin._get_obj_does_not_exist_redirect(
            self.request, self.admin.opts, object_id
        )
        return answer

    def _back(self, record: Any) -> HttpResponse:
        return HttpResponseRedirect(self._record_url(record))

    def _record_url(self, record: Any) -> str:
        target = self.verb.back_to(record)
        return _kept(self.admin, self.request, target.get_absolute_url())
