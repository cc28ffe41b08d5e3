"""Rows of a form in which facts are written down: one for each question, and some to choose from.

The page of a patient's facts and the page of a call show the same rows.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from patients import asking, observing
from patients.asking import Question
from patients.converting import NotPlausible, units_of
from patients.models import Document, Measure, Observation, Patient
from patients.models.measures import shown_unit

# Empty rows below the questions.
FREE = 3
Source = Observation.Source


class FactRow(forms.Form):
    """One fact, or none: a row without a value says nothing."""

    measure = forms.TypedChoiceField(
        label=gettext_lazy("What"),
        required=False,
        coerce=UUID,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.CharField(
        label=gettext_lazy("Value"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"), required=False, widget=UnfoldAdminSelectWidget
    )
    observed_on = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput({"type": "date", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%d"),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Who says so"), choices=Source.choices, widget=UnfoldAdminSelectWidget
    )

    def __init__(
        self, data: Any, *, prefix: str, known: Sequence[Measure], question: Question | None
    ) -> None:
        initial = {"observed_on": timezone.localdate(), "source": Source.PATIENT_SAID}
        super().__init__(data, prefix=prefix, initial=initial, label_suffix="")
        self.known = {measure.pk: measure for measure in known}
        self.question = question
        self.said: observing.Said | None = None
        fields: Any = self.fields
        fields["source"].required = False
        if question is None or question.measure is None:
            fields["measure"].choices = [("", _("Choose")), *_grouped(known)]
            fields["unit"].choices = [("", _("usual unit")), *_every_unit(known)]
        else:
            self._ask_about(question.measure)

    def _ask_about(self, measure: Measure) -> None:
        """The answers or units of this measure, and no other."""
        fields: Any = self.fields
        fields["measure"].choices = [(str(measure.pk), measure.name)]
        fields["measure"].widget = forms.HiddenInput()
        self.initial["measure"] = str(measure.pk)
        if measure.answers:
            choices = [("", _("not asked")), *measure.answers]
            fields["value"] = forms.ChoiceField(
                label=fields["value"].label,
                required=False,
                choices=choices,
                widget=UnfoldAdminSelectWidget,
            )
            del fields["unit"]
        else:
            fields["unit"].choices = units_of(measure)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("value") or self.errors:
            return cleaned
        chosen = cleaned.get("measure")
        measure = self.known.get(chosen) if chosen else None
        if measure is None:
            self.add_error("measure", _("Choose what it is."))
            return cleaned
        said = observing.Said(
            measure,
            cleaned["value"],
            cleaned.get("observed_on") or timezone.localdate(),
            cleaned.get("source") or Source.PATIENT_SAID,
            cleaned.get("unit") or "",
        )
        try:
            observing.check(said)
        except NotPlausible as refused:
            self.add_error(refused.members["field"], refused.message)
        else:
            self.said = said
        return cleaned


class FactRows:
    """All rows of one page."""

    def __init__(self, data: Any, *, patient: Patient) -> None:
        questions = asking.questions(patient)
        known = list(
            Measure.objects.filter(is_active=True)
            .defer("search")
            .prefetch_related("units")
            .order_by("category", "name")
        )
        of_id = {measure.pk: measure for measure in known}
        asked = [one for one in questions if one.measure is not None]
        # One without a measure, or one out of use, is only read out.
        self.to_read = [one for one in questions if one.measure is None]
        self.asked = [
            _row(data, f"asked-{one.measure.pk.hex}", known, _with(one, of_id[one.measure.pk]))
            for one in asked
            if one.measure is not None and one.measure.pk in of_id
        ]
        self.free = [_row(data, f"fact-{number}", known, None) for number in range(FREE)]

    def __iter__(self) -> Any:
        return iter((*self.asked, *self.free))

    def is_valid(self) -> bool:
        # Each is asked, so that all of them show what is wrong.
        wrong = [row for row in self if not row.is_valid()]
        return not wrong

    @property
    def has_more(self) -> bool:
        """Whether something was written in the rows below the questions."""
        return any(row.is_bound and row["value"].data for row in self.free)

    @property
    def said(self) -> list[observing.Said]:
        """The facts of the rows that say something."""
        return [row.said for row in self if row.said is not None]


def _row(data: Any, prefix: str, known: Sequence[Measure], question: Question | None) -> FactRow:
    return FactRow(data, prefix=prefix, known=known, question=question)


def _with(question: Question, measure: Measure) -> Question:
    """The question with the measure that has its units read already."""
    return Question(question.text, measure, question.why)


def _grouped(known: Iterable[Measure]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            str(Measure.Category(category).label),
            [(str(one.pk), _expecting(one)) for one in measures],
        )
        for category, measures in groupby(known, key=lambda measure: measure.category)
    ]


def _expecting(measure: Measure) -> str:
    """`Haemoglobin (g/dL)`, `Walks without help (Yes or No)`: with what is to be filled in."""
    answers = get_text_list([words for _code, words in measure.answers], _("or"))
    expected = answers or shown_unit(measure.unit)
    return f"{measure.name} ({expected})" if expected else measure.name


def _every_unit(known: Iterable[Measure]) -> list[tuple[str, str]]:
    units = {unit for measure in known for unit, _shown in units_of(measure)}
    return sorted(
        ((unit, shown) for unit in units if (shown := shown_unit(unit))), key=lambda pair: pair[1]
    )


def documents_of(patient: Patient) -> Any:
    """The patient's documents, newest first, to say in which one something was read."""
    return Document.objects.filter(patient=patient).order_by("-created_at")
