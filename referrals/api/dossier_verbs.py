"""What is said to the verbs of dossiers and their steps over REST, and what they answer."""

from typing import Any

from rest_framework import serializers

from portal.core.api.fields import Choice, Day, Id, Text, Whole
from portal.core.api.serializers import VerbSerializer
from portal.core.errors import Missing
from referrals import dossier_closing, dossier_lifecycle, dossiers, step_tending
from referrals.api.transitions import MissingSerializer
from referrals.forecasting import Outlook
from referrals.models import DossierStep, EAPDossier, Responsible


def words(help_text: str = "") -> Text:
    """A few words that may be left out."""
    return Text(required=False, allow_blank=True, max_length=5000, help_text=help_text)


class StepActionSerializer(VerbSerializer):
    """Something is done with a step."""

    on = Day(required=False, help_text="The day it happened; today without it.")
    remark = words("`GET transitions` says where one is needed.")
    override = words("Why a rule is set aside. Team leads and data stewards may.")


class SendSerializer(StepActionSerializer):
    """Something is sent."""

    due_on = Day(required=False, help_text="When an answer is expected; worked out without it.")
    documents = serializers.ListField(
        source="document_ids",
        child=Id(),
        required=False,
        max_length=100,
        help_text="Documents of the patient that go along, besides those that are attached.",
    )


class DecideSerializer(StepActionSerializer):
    """Something was decided, or is done."""

    reference = Text(required=False, allow_blank=True, max_length=100)
    valid_until = Day(required=False, help_text="Until when the decision is valid.")


class StepChaseSerializer(VerbSerializer):
    """Who has it was asked again."""

    next_on = Day(help_text="When they are asked next.")
    remark = words()


class PlanSerializer(VerbSerializer):
    """By when, by whom or in how many days it is done; what is left out stays."""

    due_on = Day(required=False)
    responsible = Choice(choices=Responsible.choices, required=False)
    days = Whole(required=False, min_value=0, max_value=3650)
    remark = Text(max_length=5000, help_text="Why.")


class AttachSerializer(VerbSerializer):
    """A document of the patient is what the step asks for."""

    name = Text(max_length=100, help_text="One of the step's `documents`.")
    document = Id(source="document_id")


class CloseSerializer(VerbSerializer):
    """Why the dossier ends."""

    reason = Choice(choices=[(one.value, one.label) for one in dossier_closing.REASONS])
    remark = words("`other` needs one.")


class ReopenSerializer(VerbSerializer):
    """Why the dossier goes on."""

    remark = Text(max_length=5000)


class RouteSerializer(VerbSerializer):
    """The way it is done."""

    route = Id(source="route_id")


# --- answers --------------------------------------------------------------------------------------


class StepTransitionSerializer(serializers.Serializer[Any]):
    """One thing that the status of a step allows."""

    action = serializers.CharField(help_text="The last part of the address to POST to.")
    leads_to = serializers.CharField(
        help_text="The status then; `chase`, `plan`, `attach` keep it."
    )
    needs_remark = serializers.BooleanField(help_text="Whether a word has to be said about it.")
    is_possible = serializers.BooleanField(help_text="Whether nothing is missing.")
    missing = MissingSerializer(many=True)


class DossierTransitionSerializer(serializers.Serializer[Any]):
    """One thing that the state of a dossier allows."""

    action = serializers.CharField(help_text="The last part of the address to POST to.")
    is_possible = serializers.BooleanField(help_text="Whether nothing is missing.")
    missing = MissingSerializer(many=True)


class StepTransitionsSerializer(serializers.Serializer[Any]):
    """What the status of one step allows; POST to `dossier-steps/{step}/{action}/`."""

    step = serializers.UUIDField()
    transitions = StepTransitionSerializer(many=True)


class DossierTransitionsSerializer(serializers.Serializer[Any]):
    """What can be done with a dossier, and with each of its steps."""

    transitions = DossierTransitionSerializer(many=True)
    steps = StepTransitionsSerializer(many=True)


class ExpectedStepSerializer(serializers.Serializer[Any]):
    """When a step that waits should be done."""

    step = serializers.UUIDField()
    title = serializers.CharField()
    expected_on = serializers.DateField(allow_null=True, help_text="null: unknown from here.")
    is_critical = serializers.BooleanField(help_text="Whether its delay delays the first dose.")


class UnknownStepSerializer(serializers.Serializer[Any]):
    """A step that makes the day of the first dose unknown."""

    step = serializers.UUIDField()
    title = serializers.CharField()
    why = serializers.ChoiceField(
        choices=[
            ("days_unknown", "neither its days nor a date are known"),
            ("stopped", "rejected, expired or cancelled"),
            ("circle", "it waits for itself"),
        ]
    )


class TimelineSerializer(serializers.Serializer[Any]):
    """The longest path of what remains, counted from today."""

    today = serializers.DateField()
    first_dose_on = serializers.DateField(allow_null=True, help_text="null: nobody knows.")
    is_first_dose_given = serializers.BooleanField()
    critical_step = serializers.UUIDField(allow_null=True, help_text="What it waits for now.")
    holder = serializers.CharField(allow_null=True, help_text="Who has to act.")
    held_days = serializers.IntegerField(allow_null=True, help_text="How long they have had it.")
    unknown = UnknownStepSerializer(many=True)
    steps = ExpectedStepSerializer(many=True)


class ChangedStepSerializer(VerbSerializer):
    """What would be otherwise of one step."""

    step = Id()
    days = Whole(required=False, min_value=0, max_value=3650)
    due_on = Day(required=False)
    submitted_on = Day(required=False)
    status = Choice(choices=DossierStep.Status.choices, required=False)


class WhatIfSerializer(VerbSerializer):
    """What would be otherwise."""

    changes = serializers.ListField(child=ChangedStepSerializer(), max_length=100)


class WhatIfAnswerSerializer(serializers.Serializer[Any]):
    """The timeline as it is, and as it would be."""

    now = TimelineSerializer()
    then = TimelineSerializer()


def lacking(missing: tuple[Missing, ...]) -> dict[str, Any]:
    return {
        "is_possible": not missing,
        "missing": [{"code": lack.code, "message": lack.message} for lack in missing],
    }


def of_step(step: DossierStep) -> list[dict[str, Any]]:
    """What the status of a step allows, and what is missing: first what moves it on."""
    moves = [
        {
            "action": possible.action.name,
            "leads_to": possible.action.target.value,
            "needs_remark": possible.action.needs_remark,
            **lacking(possible.missing),
        }
        for possible in dossier_lifecycle.possible(step)
    ]
    besides = [
        {
            "action": name,
            "leads_to": step.status,
            "needs_remark": name == step_tending.PLAN,
            **lacking(missing),
        }
        for name, missing in step_tending.missing_besides(step).items()
    ]
    return [*moves, *besides]


def of_dossier(dossier: EAPDossier) -> list[dict[str, Any]]:
    """What the state of a dossier allows, and what is missing."""
    if not dossier.is_open:
        return [
            {
                "action": dossier_closing.REOPEN,
                **lacking(dossier_closing.missing_to_reopen(dossier)),
            }
        ]
    found = [
        {"action": dossier_closing.CLOSE, **lacking(dossier_closing.missing_to_close(dossier))}
    ]
    if dossier.route_id is None:
        missing = dossiers.missing_to_plan(dossier)
        found.append({"action": dossiers.CHOOSE_ROUTE, **lacking(missing)})
    return found


def timeline(outlook: Outlook) -> dict[str, Any]:
    """An outlook as `GET timeline` tells it."""
    forecast, critical = outlook.forecast, outlook.critical_step
    return {
        "today": outlook.today,
        "first_dose_on": forecast.first_dose_on,
        "is_first_dose_given": forecast.is_first_dose_given,
        "critical_step": critical.pk if critical else None,
        "holder": outlook.holder.value if outlook.holder else None,
        "held_days": outlook.held_days,
        "unknown": [
            {"step": step.pk, "title": step.title, "why": why.value}
            for step, why in outlook.unknown
        ],
        "steps": [
            {
                "step": step.pk,
                "title": step.title,
                "expected_on": forecast.finishes[step.pk],
                "is_critical": step.pk in forecast.critical,
            }
            for step in outlook.steps
            if step.pk in forecast.finishes
        ],
    }
