"""What can be done to a referral over REST, and what has to be said for it.

`Transitions` is how any lifecycle is moved on over REST, also that of dossiers.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from rest_framework import serializers

from patients.locking import locked
from portal.core.api.documents import Document
from portal.core.api.fields import Choice, Day, Id, Text
from portal.core.api.serializers import VerbSerializer
from portal.core.api.viewsets import RecordViewSet
from referrals import referring
from referrals.lifecycle import Action
from referrals.models import Reason
from referrals.moves import Move
from referrals.possible import Possible


class Transitions(RecordViewSet):
    """Records about a patient that verbs move on."""

    # What the verbs call the id of the record.
    told_as: ClassVar[str]

    def transition(self, change: Callable[..., Any]) -> Document:
        """The record after the verb `change`, which is told what the body says."""
        record_id = self.record_id()
        assert self.subject is not None  # noqa: S101 - these records are about a patient
        with transaction.atomic():
            # The patient first: closing and merging lock in that order.
            rows = self.get_queryset().filter(pk=record_id)
            patient_id = rows.values_list(self.subject[1], flat=True).first()
            if patient_id is None:
                raise Http404
            locked(patient_id, no_key=True)
            self.locked(record_id)
            body = self.get_serializer(data=self.request.data)
            body.is_valid(raise_exception=True)
            said = {self.told_as: record_id, **body.validated_data}
            change(by=self.request.user, **said)
        return self.one(record_id)


class TakeSerializer(VerbSerializer):
    """One step of a referral."""

    on = Day(required=False, help_text="The day it happened; today without it.")
    reason = Choice(
        choices=Reason.choices,
        required=False,
        help_text="Needed by what ends a referral; `GET transitions` lists which are taken.",
    )
    remark = Text(required=False, allow_blank=True, max_length=5000, help_text="`other` needs one.")
    override = Text(
        required=False,
        allow_blank=True,
        max_length=5000,
        help_text="Why a rule is set aside. Team leads and data stewards may.",
    )


class ReferSerializer(TakeSerializer):
    """Sending a referral to a site."""

    site = Id(source="site_id", required=False, help_text="A site of the trial.")
    documents = serializers.ListField(
        source="document_ids",
        child=Id(),
        required=False,
        max_length=100,
        help_text="Documents of the patient that go along.",
    )


class ChaseSerializer(VerbSerializer):
    """A silent site was asked again."""

    next_on = Day(help_text="When it is asked next.")
    remark = Text(required=False, allow_blank=True, max_length=5000)


class MissingSerializer(serializers.Serializer[Any]):
    """One thing that has to be true first."""

    code = serializers.CharField()
    message = serializers.CharField()


class TransitionSerializer(serializers.Serializer[Any]):
    """One thing that the status allows."""

    action = serializers.CharField(help_text="The last part of the address to POST to.")
    leads_to = serializers.CharField()
    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="One has to be given when there are any."
    )
    is_possible = serializers.BooleanField(help_text="Whether nothing is missing.")
    missing = MissingSerializer(many=True)


def shown(possible: Possible[Action] | Possible[Move]) -> dict[str, Any]:
    """One entry of `GET transitions`."""
    return {
        "action": possible.action.name,
        "leads_to": possible.action.target.value,
        "reasons": [reason.value for reason in possible.action.reasons],
        "is_possible": not possible.missing,
        "missing": [{"code": lack.code, "message": lack.message} for lack in possible.missing],
    }


def taking(action: Action) -> Callable[..., Any]:
    """`referring.take` for one action, told what a valid body holds."""

    def change(**said: Any) -> Any:
        return referring.take(action, **said)

    return change
