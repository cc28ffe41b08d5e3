"""Reconciliations: everything counted again, to read, to print, to download and to sign."""

import json
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from crm_import.admin.words import SECTIONS, sentence, term
from crm_import.models import (
    Entity,
    ImportRun,
    TakenBack,
    Verification,
    VerificationSignature,
)
from crm_import.reporting import KEYS
from crm_import.signing import sign
from portal.core.admin import Briefing, Fact, ReadOnlyAdmin, RelatedTable, Shortcut, Verb, VerbForm
from portal.core.admin.display import badge, moment
from portal.core.errors import Refused

SIGN = "crm_import.add_verificationsignature"


def verdict(verification: Verification) -> str:
    """Whether it adds up, as a badge."""
    if verification.adds_up:
        return badge("adds_up", _("adds up"), "green")
    return badge("does_not", _("does not add up"), "red")


class ReadIt(Verb):
    """The whole of it on one page; to print."""

    name = "reconciliation"
    label = gettext_lazy("Reconciliation")
    icon = "receipt_long"
    variant = ActionVariant.PRIMARY
    template = "crm_import/reconciliation.html"
    is_versioned = False

    def is_offered(self, record: Verification, user: Any) -> bool:
        return True

    def briefing(self, record: Verification, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def context(self, record: Verification, user: Any) -> dict[str, Any]:
        return {
            **shown(record),
            "json_url": reverse("admin:crm_import_verification_json", args=[record.pk]),
            "sign_url": _page(SIGNING, record) if SIGNING.is_allowed(user) else "",
        }

    def run(self, record: Verification, *, by: Any, said: Mapping[str, Any]) -> str:
        raise Refused(_("A reconciliation is only read."), code="read_only")


class RemarkForm(VerbForm):
    """What is said with a signature."""

    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        max_length=1000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("What was decided, and on what condition. No names of patients."),
    )


class Sign(Verb):
    """Stand for it with one's name."""

    name = "sign"
    label = gettext_lazy("Sign")
    icon = "draw"
    permissions = (SIGN,)
    form_class = RemarkForm
    is_versioned = False  # what is signed never changes, and who signs twice has signed twice

    def is_offered(self, record: Verification, user: Any) -> bool:
        return True

    def briefing(self, record: Verification, user: Any) -> Briefing:
        will = [_("Your name, the time and your remark stand below it, and stay.")]
        if not record.adds_up:
            will.append(_("It does not add up: the remark has to say why you sign it."))
        if not record.is_deep:
            will.append(_("Values were not compared in it (crm_verify --deep does)."))
        return Briefing(will=will)

    def run(self, record: Verification, *, by: Any, said: Mapping[str, Any]) -> str:
        sign(verification_id=record.pk, by=by, remark=said["remark"])
        return _("Signed.")


SIGNING = Sign()


def _page(verb: Verb, record: Verification) -> str:
    return reverse(f"admin:crm_import_verification_{verb.name}", args=[record.pk])


def shown(record: Verification) -> dict[str, Any]:
    """What the page needs, in the words of people."""
    result = record.result
    checks = [_check(check) for check in result["checks"]]
    return {
        "verdict": verdict(record),
        "sections": [section for section in map(_section, SECTIONS, repeat(checks)) if section],
        "wrong": [check for check in checks if not check["ok"]],
        "totals": [
            (key.replace("_", " "), f"{result['totals'][key]:,}")
            for key in KEYS
            if key in result["totals"]
        ],
        "held": [
            (_table(table), code, f"{number:,}", sentence(code))
            for table, codes in result["held"].items()
            for code, number in codes.items()
        ],
        "problems": [
            (code, f"{number:,}", sentence(code))
            for code, number in sorted(result["problems"].items(), key=lambda one: -one[1])
        ],
        "not_compared": result["not_compared"],
        "signatures": record.signatures.select_related("by").order_by("signed_at"),
    }


def _section(
    words: tuple[str, Any, Any], checks: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """The equations of one kind; None when there are none."""
    key, title, told = words
    found = [check for check in checks if check["key"] == key]
    return {"title": title, "told": told, "checks": found} if found else None


def _table(name: str) -> str | Promise:
    return Entity(name).label if name in Entity else name


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    left, right = (sum(check[side].values()) for side in ("left", "right"))
    terms = sorted(check["right"].items(), key=lambda one: -one[1])
    return {
        "key": check["key"],
        "about": _table(check["about"]),
        "left": f"{left:,}",
        "right": f"{right:,}",
        "terms": [(term(name), f"{number:,}") for name, number in terms if number],
        "ok": check["adds_up"],
        "missing": f"{left - right:,}" if left != right else "",
        "stray": f"{check['stray']:,}" if check["stray"] else "",
        "places": [f"{one['table']} {one['number']}" for one in check["places"]],
    }


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    """Every time that the migration was counted again."""

    list_display = ("made_at", "verdict_shown", "run", "is_deep", "by")
    list_display_links = ("made_at",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Made by manage.py crm_verify, and never changed."),
                "fields": (("run", "verdict_shown"), ("made_at", "by"), "is_deep"),
            },
        ),
    )
    readonly_fields = ("verdict_shown",)
    verbs = (ReadIt(), SIGNING)
    shortcuts = (
        Shortcut(
            label=gettext_lazy("Download as JSON"),
            icon="download",
            permissions=("crm_import.view_verification",),
            is_offered=lambda _record: True,
            address=lambda record: reverse("admin:crm_import_verification_json", args=[record.pk]),
            is_last=True,
        ),
    )
    related_tables = (
        RelatedTable(
            relation="signatures",
            columns=(
                (gettext_lazy("Signed"), lambda row: moment(row.signed_at)),
                (gettext_lazy("By"), lambda row: row.by),
                (gettext_lazy("Remark"), lambda row: row.remark),
            ),
            select_related=("by",),
            can_add=False,
            empty=gettext_lazy("Nobody signed it yet."),
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("run", "by").defer("result")

    def facts(self, request: HttpRequest, record: Verification) -> list[Fact]:
        return [
            Fact(_("Result"), verdict(record)),
            Fact(_("Counted"), moment(record.made_at)),
            Fact(_("Field by field"), _("yes") if record.is_deep else _("no")),
        ]

    def get_urls(self) -> Any:
        name = "crm_import_verification_json"
        view = self.admin_site.admin_view(require_safe(self.json_view))
        return [path("<uuid:verification_id>/json/", view, name=name), *super().get_urls()]

    def json_view(self, request: HttpRequest, verification_id: Any) -> HttpResponse:
        """The result as it was kept, with its signatures."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = get_object_or_404(Verification, pk=verification_id)
        signatures = [
            {"by": str(one.by_id), "at": one.signed_at.isoformat(), "remark": one.remark}
            for one in record.signatures.order_by("signed_at")
        ]
        body = json.dumps({**record.result, "signatures": signatures}, indent=1)
        answer = HttpResponse(body, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="reconciliation-{record.pk}.json"'
        answer["Cache-Control"] = "private, no-store"
        return answer

    @admin.display(description=gettext_lazy("result"))
    def verdict_shown(self, record: Verification) -> str:
        return verdict(record)


@admin.register(VerificationSignature)
class VerificationSignatureAdmin(ReadOnlyAdmin):
    """Who stood for which reconciliation."""

    list_display = ("signed_at", "by", "verification", "remark")
    fields = ("verification", ("by", "signed_at"), "remark")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("by", "verification__run").defer("verification__result")


@admin.register(TakenBack)
class TakenBackAdmin(ReadOnlyAdmin):
    """Rows of the archive that count no more until an export brings them again."""

    list_display = ("entity", "row", "legacy_id", "outcome", "reason")
    fields = (("entity", "row"), ("legacy_id", "run"), ("outcome", "reason"))


RECONCILIATIONS = RelatedTable(
    relation="verifications",
    columns=(
        (gettext_lazy("Counted"), lambda row: moment(row.made_at)),
        (gettext_lazy("Result"), verdict),
        (gettext_lazy("Field by field"), lambda row: _("yes") if row.is_deep else _("no")),
    ),
    defer=("result",),
    can_add=False,
    empty=gettext_lazy("Not counted again yet: manage.py crm_verify does it."),
)


def rolled_back(run: ImportRun) -> str:
    """What a run takes back, or when it was itself taken back; blank for neither."""
    if run.undoes is not None:
        return _("takes back %(run)s") % {"run": run.undoes}
    undone = ImportRun.objects.filter(undoes=run).first()
    return _("taken back, %(at)s") % {"at": moment(undone.started_at)} if undone else ""
