"""What can be done to a planned call over REST, and what has to be said for it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from bookings.conditions import Transition
from bookings.models import Booking
from portal.core.api.fields import Choice, Code, Instant, Related, Text, TrueOrFalse
from portal.core.api.serializers import StaffSummary, VerbSerializer
from portal.core.choices import language_choices
from portal.core.errors import Missing
from portal.core.models import User

Party = Booking.Party
_NOT_FOR_A_HOLD = _("A time that is only held has none. Say it when you book.")


def language_field() -> Code:
    return Code(
        choices=language_choices(),
        required=False,
        help_text="When a navigator is to be assigned: of those who speak it, such as `nl`.",
    )


def afterwards_field() -> TrueOrFalse:
    return TrueOrFalse(
        source="afterwards",
        required=False,
        help_text="For a call that was planned outside the portal: its time may be over.",
    )


def refuse_for_a_hold(attrs: dict[str, Any]) -> None:
    """Raise ValidationError when a time that is only held is told what belongs to a booking."""
    names = {"afterwards": "entered_afterwards", "reminder_at": "reminder_at"}
    errors = {
        shown: [ErrorDetail(str(_NOT_FOR_A_HOLD), code="not_for_this")]
        for name, shown in names.items()
        if attrs.get(name)
    }
    if errors:
        raise ValidationError(errors)


class ConfirmingSerializer(VerbSerializer):
    """Booking what is held."""


class CancellingSerializer(VerbSerializer):
    """Calling a planned call off."""

    cancelled_by = Choice(source="party", choices=Party.choices, help_text="Whose wish it is.")
    cancel_reason = Text(source="reason", max_length=300)

    def validate_cancelled_by(self, value: str) -> Party:
        return Party(value)


class MovingSerializer(VerbSerializer):
    """Moving a booked call to another time."""

    starts_at = Instant()
    ends_at = Instant()
    navigator = Related(
        queryset=User.objects.filter(**StaffSummary.Meta.selectable),
        summary=StaffSummary,
        may_be_null=False,
        required=False,
        help_text="The one it has, without this.",
    )
    any_navigator = TrueOrFalse(
        source="anybody",
        required=False,
        help_text="Assign another one when that navigator is not free.",
    )
    language = language_field()
    entered_afterwards = afterwards_field()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        navigator = attrs.pop("navigator", None)
        return {**attrs, "navigator_id": navigator.pk} if navigator else attrs


class NoShowSerializer(VerbSerializer):
    """Saying that somebody did not come."""

    no_show_by = Choice(source="who", choices=Party.choices)

    def validate_no_show_by(self, value: str) -> Party:
        return Party(value)


class BookingConditionSerializer(serializers.Serializer[Any]):
    """One thing that has to be true first."""

    code = serializers.CharField()
    message = serializers.CharField()


class BookingTransitionSerializer(serializers.Serializer[Any]):
    """One thing that can be done to a planned call."""

    action = serializers.ChoiceField(
        choices=[each.value for each in Transition],
        help_text="The last part of the address to POST to.",
    )
    is_possible = serializers.BooleanField(help_text="Whether nothing is missing.")
    missing = BookingConditionSerializer(many=True)


def shown(transition: Transition, missing: tuple[Missing, ...]) -> dict[str, Any]:
    """One entry of `GET transitions`."""
    return {
        "action": transition.value,
        "is_possible": not missing,
        "missing": [{"code": each.code, "message": each.message} for each in missing],
    }
