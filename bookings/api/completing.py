"""Completing a booked call over REST: all that came of it in one request."""

from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import Model
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.calling import Completed, complete
from bookings.models import NAVIGATORS, Call
from patients import observing
from patients.locking import locked
from patients.models import Consent, ConsentText, Measure, Observation, Patient
from portal.core.api import versions
from portal.core.api.fields import Choice, Day, Instant, Text, TrueOrFalse
from portal.core.api.serializers import VerbSerializer
from portal.core.api.verbs import verb
from portal.core.api.viewsets import RecordViewSet
from portal.core.models import User
from portal.core.permissions import may

_NO_SUCH_TEXT = _("There is no such text for this purpose and language.")


class SaidConsentSerializer(VerbSerializer):
    """What the patient said about one purpose, once its text was read out."""

    purpose = Choice(choices=Consent.Purpose.choices)
    decision = Choice(choices=Consent.Decision.choices)
    text_version = Text(max_length=50, help_text="Of the text that was read out.")
    language = Text(max_length=10, help_text="Of the text that was read out.")
    evidence = Text(required=False, allow_blank=True, max_length=5000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        about = ("purpose", "text_version", "language")
        if not ConsentText.objects.filter(**{name: attrs[name] for name in about}).exists():
            raise serializers.ValidationError({"text_version": _NO_SUCH_TEXT}, code="unknown")
        return attrs


class ToldSerializer(VerbSerializer):
    """One fact that came up in the call."""

    measure = serializers.PrimaryKeyRelatedField(queryset=Measure.objects.all())
    value = Text(
        max_length=100, help_text="A number like 1.2, yes or no, or one of the measure's choices."
    )
    unit = Text(
        required=False,
        allow_blank=True,
        max_length=30,
        help_text="UCUM: umol/L. Left out, it is the measure's own.",
    )
    observed_on = Day()
    source = Choice(choices=Observation.Source.choices)  # type: ignore[assignment]


class CompletionSerializer(VerbSerializer):
    """What came of a booked call."""

    navigator = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(**NAVIGATORS),
        required=False,
        help_text="Who called. Without it the navigator of the booking.",
    )
    started_at = Instant(help_text="The same call once more is answered and changes nothing.")
    outcome = Choice(choices=Call.Outcome.choices)
    summary = Text(required=False, allow_blank=True)
    decision = Choice(choices=Call.Decision.choices, required=False, allow_blank=True)
    next_action = Text(required=False, allow_blank=True, max_length=300)
    next_action_due = Day(required=False, allow_null=True)
    consents = SaidConsentSerializer(many=True, required=False)
    facts = ToldSerializer(many=True, required=False)
    convert = TrueOrFalse(
        required=False, help_text="The lead becomes a patient. Needs the decision `pursue`."
    )


class CompletedSerializer(serializers.Serializer[Any]):
    """What was kept of a call."""

    booking = serializers.UUIDField()
    booking_status = serializers.CharField()
    call = serializers.UUIDField()
    consents = serializers.ListField(
        child=serializers.UUIDField(), help_text="Empty for a call that was known."
    )
    facts = serializers.ListField(
        child=serializers.UUIDField(), help_text="Those that were not known yet."
    )
    patient = serializers.UUIDField()
    stage = serializers.CharField(help_text="Of the patient, afterwards.")


class Completes(RecordViewSet):
    """Mixed into the resource of bookings."""

    bodies: ClassVar[dict[str, Any]] = {"complete": CompletionSerializer}
    answers: ClassVar[dict[str, Any]] = {"complete": CompletedSerializer}

    @verb(path="complete", summary="Say what came of a booked call")
    def complete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record the call, what was told and consented to in it and a conversion: all, or nothing.

        A refusal names what it is about in `field`. A call without a booking is POSTed to `calls`.
        """
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        self._refuse_unless_allowed(said)
        with transaction.atomic():
            completed = self._completed(said, cast(User, request.user))
        shown = self.one(self.record_id())
        answer = {
            "booking": shown.id,
            "booking_status": self.get_queryset().values_list("status", flat=True).get(pk=shown.id),
            "call": completed.call.pk,
            "consents": [each.consent.pk for each in completed.consents],
            "facts": [each.pk for each in completed.facts],
            "patient": completed.patient.pk,
            "stage": completed.patient.stage,
        }
        return Response(answer, headers={"ETag": versions.etag(shown.version)})

    def _completed(self, said: dict[str, Any], by: User) -> Completed:
        # The patient first, as every verb locks them.
        patient_id = (
            self.get_queryset().filter(pk=self.record_id()).values_list("patient_id", flat=True)
        ).first()
        if patient_id is None:
            raise Http404
        locked(patient_id)
        booking = self.locked(self.record_id())
        consents = said.pop("consents", [])
        facts = said.pop("facts", [])
        navigator = said.pop("navigator", None)
        return complete(
            patient_id=patient_id,
            booking_id=booking.pk,
            navigator_id=navigator.pk if navigator is not None else booking.navigator_id,
            consents=[
                Consent(method=Consent.Method.PHONE, obtained_by=None, **each) for each in consents
            ],
            facts=[observing.Said(**each) for each in facts],
            by=by,
            **said,
        )

    def _refuse_unless_allowed(self, said: dict[str, Any]) -> None:
        """Raise PermissionDenied for what the caller may not do by itself either."""
        user = self.request.user
        needed: list[tuple[str, type[Model]]] = [("add", Call)]
        if said.get("consents"):
            needed.append(("add", Consent))
        if said.get("facts"):
            needed.append(("add", Observation))
        if said.get("convert"):
            needed.append(("change", Patient))
        if not all(may(user, action, model) for action, model in needed):
            raise PermissionDenied
