"""What the verbs that change a person's stage are told over REST, and what closing answers."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from patients import closing
from patients.models import Patient, StageChange
from portal.core.api.fields import Choice, Day, Text
from portal.core.api.serializers import VerbSerializer

ClosedAs = Patient.ClosedReason
Reason = StageChange.Reason

_VERBS: dict[str, Callable[..., closing.Closed]] = {
    ClosedAs.DISQUALIFIED: closing.disqualify,
    ClosedAs.UNREACHABLE: closing.unreachable,
    ClosedAs.WITHDRAWN: closing.withdraw,
    ClosedAs.DECEASED: closing.deceased,
    ClosedAs.COMPLETED: closing.complete,
}
# Members that only one way of closing knows.
_ONLY_FOR = {"override": ClosedAs.UNREACHABLE, "on": ClosedAs.DECEASED}
# Where the reason goes without saying.
_OWN_REASON = {ClosedAs.UNREACHABLE: Reason.NO_ANSWER, ClosedAs.DECEASED: Reason.DIED}
_NOT_FOR_THIS = _("This is not taken for this closed_reason.")
_NEEDED = _("Say why, with one of the reasons that belong to this closed_reason.")


def _remark() -> Text:
    return Text(
        required=False, allow_blank=True, max_length=5000, help_text="In words, for the record."
    )


def _override() -> Text:
    return Text(
        required=False,
        allow_blank=True,
        max_length=5000,
        help_text="Why a rule is set aside. Team leads and data stewards may.",
    )


def _reason(*known: Reason, **kwargs: Any) -> Choice:
    return Choice(choices=[(one.value, one.label) for one in known], **kwargs)


class ConversionSerializer(VerbSerializer):
    """Making a lead a patient."""

    override = _override()


class ConversionUndoSerializer(VerbSerializer):
    """Making a patient a lead again."""

    remark = _remark()


class ReopeningSerializer(VerbSerializer):
    """Bringing somebody back who was closed."""

    reason = _reason(*closing.REOPENING, help_text="`other` needs a remark.")
    remark = _remark()

    def validate_reason(self, value: str) -> Reason:
        return Reason(value)


class ClosingSerializer(VerbSerializer):
    """Ending somebody's way: as what, and why."""

    closed_reason = Choice(choices=[(one.value, one.label) for one in closing.REASONS])
    reason = _reason(
        *dict.fromkeys(reason for reasons in closing.REASONS.values() for reason in reasons),
        required=False,
        help_text=(
            "; ".join(
                f"{closed_as.value}: {', '.join(reasons)}"
                for closed_as, reasons in closing.REASONS.items()
            )
            + ". unreachable and deceased need none; `other` needs a remark."
        ),
    )
    remark = _remark()
    override = _override()
    deceased_on = Day(source="on", required=False, help_text="For deceased only, if it is known.")

    def validate_reason(self, value: str) -> Reason:
        return Reason(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        closed_as = attrs["closed_reason"]
        names = {"on": "deceased_on"}
        errors = {
            names.get(member, member): [ErrorDetail(str(_NOT_FOR_THIS), code="not_for_this")]
            for member, only_for in _ONLY_FOR.items()
            if member in attrs and closed_as != only_for
        }
        if "reason" not in attrs and closed_as not in _OWN_REASON:
            errors["reason"] = [ErrorDetail(str(_NEEDED), code="required")]
        if closed_as == ClosedAs.DECEASED and attrs.pop("reason", Reason.DIED) != Reason.DIED:
            errors["reason"] = [ErrorDetail(str(_NOT_FOR_THIS), code="not_for_this")]
        if errors:
            raise ValidationError(errors)
        return attrs


class EndedSerializer(serializers.Serializer[Any]):
    """Records of one kind that ended with the closing."""

    kind = serializers.CharField(help_text="For example bookings.booking.")
    ids = serializers.ListField(child=serializers.UUIDField())


def close(*, closed_reason: str, **said: Any) -> closing.Closed:
    """Close somebody as `closed_reason`, with what a valid `ClosingSerializer` holds."""
    return _VERBS[closed_reason](**said)
