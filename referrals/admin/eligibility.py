"""Whether a patient fits: the page of a referral or dossier with why, why not, and what to ask."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from patients.models import Observation
from portal.core.admin import AppendOnlyAdmin, Briefing, Fact, ReadOnlyAdmin, Verb, VerbForm
from portal.core.admin.display import badge, moment
from portal.core.permissions import may
from referrals import criteria, reassessing
from referrals.admin.said import day_field
from referrals.admin.tree import sentence, tree_url
from referrals.eligibility import Assessment, Offer, known
from referrals.eligibility.assessing import Finding
from referrals.models import Assessed, Criterion, CriterionAnswer, CTReferral, EAPDossier

SHOWN = 10  # how many changes the page shows

TONES = {"met": "green", "not_met": "red", "unknown": "amber"}


def verdict_badge(verdict: str) -> SafeString | str:
    """A verdict on everything."""
    return badge(verdict, Assessed.Verdict(verdict).label, TONES[verdict])


def finding_badge(finding: Finding) -> SafeString | str:
    """A verdict on one criterion."""
    said = {"met": _("met"), "not_met": _("not met"), "unknown": _("not known")}
    return badge(finding.verdict, said[finding.verdict], TONES[finding.verdict])


def found(assessment: Assessment) -> dict[str, Any]:
    """What `referrals/findings.html` shows: the verdict, why not, what to ask, every criterion."""
    return {
        "verdict": verdict_badge(assessment.verdict),
        "findings": [(one, finding_badge(one)) for one in assessment.findings],
        "questions": [one.question for one in assessment.to_ask],
        "why_not": [one.label for one in assessment.why_not],
    }


def offer_of(record: CTReferral | EAPDossier) -> Offer:
    """The trial or program that it leads to."""
    offer: Offer = record.trial if isinstance(record, CTReferral) else record.program
    return offer


def goes_on(record: CTReferral | EAPDossier) -> bool:
    """Whether it has not ended."""
    return record.is_active if isinstance(record, CTReferral) else record.is_open


def verdict_facts(record: CTReferral | EAPDossier) -> list[Fact]:
    """What the criteria come to, as it was kept last; nothing before that."""
    offer = offer_of(record)
    kept = reassessing.newest(record.patient, [offer]).get(offer.pk)
    return [Fact(_("Criteria"), verdict_badge(kept.verdict))] if kept else []


def questions_of(offer: Offer) -> list[Criterion]:
    """What people answer for a trial or program, in the order of the tree."""
    return list(offer.criteria.questions())


def _name(question: Criterion) -> str:
    return f"answer-{question.pk}"


class AnswersForm(VerbForm):
    """An answer to each question of the trial or program; what stays blank is not known yet."""

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.questions = questions_of(offer_of(record))
        answered = known(record.patient, today=timezone.localdate()).answers
        for question in self.questions:
            fact = answered.get(question.pk)
            self.fields[_name(question)] = forms.ChoiceField(
                label=sentence(question) if not question.excludes else question.text,
                choices=(("yes", _("Yes")), ("no", _("No")), ("", _("Not known"))),
                initial="" if fact is None else "yes" if fact.value else "no",
                required=False,
                widget=UnfoldAdminRadioSelectWidget,
            )
        self.fields["said_on"] = day_field(_("Said on"))
        self.fields["said_on"].initial = timezone.localdate()
        self.fields["source"] = forms.ChoiceField(
            label=_("Source"),
            choices=Observation.Source.choices,
            widget=UnfoldAdminSelectWidget,
        )

    def changed_answers(self) -> Iterable[tuple[Criterion, bool | None]]:
        """What is answered otherwise than before."""
        for question in self.questions:
            said = self.cleaned_data.get(_name(question), "")
            if said != self.fields[_name(question)].initial:
                yield question, {"yes": True, "no": False}.get(said)


class Eligibility(Verb):
    """Why the patient of a referral or dossier fits, why not, what to ask, and what changed."""

    name = "eligibility"
    label = gettext_lazy("Eligibility")
    icon = "rule"
    template = "referrals/eligibility.html"
    submit = gettext_lazy("Write down answers")
    leave = gettext_lazy("Back")
    is_versioned = False
    form_class = AnswersForm

    def is_offered(self, record: CTReferral | EAPDossier, user: Any) -> bool:
        return True

    def briefing(self, record: CTReferral | EAPDossier, user: Any) -> Briefing:
        may_answer = may(user, "add", CriterionAnswer) and goes_on(record)
        return Briefing(may_go_on=may_answer and bool(questions_of(offer_of(record))))

    def run(self, record: CTReferral | EAPDossier, *, by: Any, said: Mapping[str, Any]) -> str:
        if not may(by, "add", CriterionAnswer):
            raise PermissionDenied
        form = AnswersForm(None, record=record, user=by)
        form.cleaned_data = dict(said)
        count = 0
        for question, met in form.changed_answers():
            criteria.answer(
                patient_id=record.patient_id,
                criterion=question,
                met=met,
                said_on=said["said_on"],
                source=said["source"],
                by=by,
            )
            count += 1
        return ngettext(
            "%(count)d answer was written down.", "%(count)d answers were written down.", count
        ) % {"count": count}

    def context(self, record: CTReferral | EAPDossier, user: Any) -> dict[str, Any]:
        offer = offer_of(record)
        kept = Assessed.objects.filter(patient=record.patient).of(offer)
        changed = kept.exclude(changes=[])[:SHOWN]
        return {
            **found(reassessing.now(record.patient, offer)),
            "changed": [(moment(row.created_at), reassessing.changes(row)) for row in changed],
            "tree_url": tree_url(offer) if may(user, "view", Criterion) else "",
        }


@admin.register(CriterionAnswer)
class CriterionAnswerAdmin(AppendOnlyAdmin):
    """What people said to criteria."""

    list_display = ("patient", "criterion", "answer_shown", "said_on", "source", "recorded_by")
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("patient", "criterion")
    readonly_fields = ("recorded_by",)
    opens = ("patient",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The newest answer counts. Blank asks again."),
                "fields": (("patient", "criterion"), "met", ("said_on", "source"), "recorded_by"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        related = ("patient", "criterion__condition", "criterion__measure", "recorded_by")
        return page.select_related(*related).defer("patient__search")

    @admin.display(description=gettext_lazy("answer"))
    def answer_shown(self, answer: CriterionAnswer) -> str:
        return str(answer)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = criteria.answer(
            patient_id=obj.patient_id,
            criterion=obj.criterion,
            met=obj.met,
            said_on=obj.said_on,
            source=obj.source,
            by=request.user,  # type: ignore[arg-type]
        )
        obj.pk = said.pk


@admin.register(Assessed)
class AssessedAdmin(ReadOnlyAdmin):
    """What criteria came to, whenever that changed."""

    list_display = ("patient", "offer_shown", "verdict_shown", "since")
    ordering = ("-created_at", "-id")
    opens = ("patient",)
    readonly_fields = ("changes_shown", "findings_shown")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("patient", "verdict"),
                    ("trial", "program"),
                    "changes_shown",
                    "findings_shown",
                )
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient", "trial", "program").defer(
            "patient__search", "trial__search", "program__search", "findings", "changes"
        )

    @admin.display(description=gettext_lazy("trial or program"))
    def offer_shown(self, row: Assessed) -> str:
        return str(row.offer)

    @admin.display(description=gettext_lazy("result"))
    def verdict_shown(self, row: Assessed) -> str:
        return verdict_badge(row.verdict)

    @admin.display(description=gettext_lazy("since"))
    def since(self, row: Assessed) -> str:
        return moment(row.created_at)

    @admin.display(description=gettext_lazy("what changed"))
    def changes_shown(self, row: Assessed) -> str:
        return "\n".join(reassessing.changes(row))

    @admin.display(description=gettext_lazy("criteria"))
    def findings_shown(self, row: Assessed) -> str:
        return "\n".join(f"{one['label']}: {one['fact']}" for one in row.findings)
