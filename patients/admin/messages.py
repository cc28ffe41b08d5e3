"""What was said to patients by mail, what will be, and what was not sent and why."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from patients import outgoing, sending
from patients.admin.joined import Table, join
from patients.admin.said import OfPatient
from patients.models import Message
from portal.core.admin import (
    AutocompleteFilter,
    Briefing,
    ChoicesFilter,
    DateRangeFilter,
    ReadOnlyAdmin,
    RelatedTable,
    Verb,
)
from portal.core.admin.display import NOTHING, choice_badge, moment, record_link, two_lines


def outcome(message: Message) -> str:
    """The status, and below it why a message was not sent."""
    why = message.get_dropped_because_display()
    if message.status == Message.Status.SET_ASIDE:
        why = message.last_error
    return two_lines(choice_badge(message, "status"), why)


class TryAgain(Verb):
    name = "try-again"
    label = gettext_lazy("Try again")
    icon = "replay"
    variant = ActionVariant.PRIMARY
    permissions = ("patients.change_message",)

    def is_offered(self, record: Message, user: Any) -> bool:
        return record.status == Message.Status.SET_ASIDE

    def briefing(self, record: Message, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("A worker looks at the message now, and tries as often as at first."),
                _("Whether it still makes sense is looked at again before it is sent."),
            )
        )

    def run(self, record: Message, *, by: Any, said: Mapping[str, Any]) -> str:
        sending.try_again(message_id=record.pk, by=by)
        return _("The message waits for a worker.")


@admin.register(Message)
class MessageAdmin(OfPatient, ReadOnlyAdmin):
    """The outbox."""

    list_display = ("due_at", "patient", "what", "outcome", "sent_at")
    list_filter = (
        ("status", ChoicesFilter),
        ("dropped_because", ChoicesFilter),
        ("due_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    fieldsets = (
        (
            gettext_lazy("Message"),
            {
                "description": gettext_lazy(
                    "Whether, when and what is decided when it is sent, from what is known then."
                ),
                "fields": (("patient", "what"), ("about", "due_at"), ("outcome", "attempts")),
            },
        ),
        (
            gettext_lazy("What was sent"),
            {
                "description": gettext_lazy(
                    "The words are not kept: their links act for the patient."
                ),
                "fields": (
                    ("sent_at", "sent_to"),
                    ("subject", "language"),
                    "key",
                ),
            },
        ),
    )
    readonly_fields = ("what", "about", "outcome")
    verbs = (TryAgain(),)

    @admin.display(description=gettext_lazy("message"))
    def what(self, message: Message) -> str:
        return outgoing.label(message.kind)

    @admin.display(description=gettext_lazy("status"))
    def outcome(self, message: Message) -> str:
        return outcome(message)

    @admin.display(description=gettext_lazy("about"))
    def about(self, message: Message) -> str:
        if not message.about_model:
            return NOTHING
        model = apps.get_model(message.about_model)
        record = model._default_manager.filter(pk=message.about_id).first()
        return record_link(record, f"{model._meta.verbose_name} {record}")


join(
    tables=(
        Table(
            position=90,
            table=RelatedTable(
                relation="messages",
                columns=(
                    (gettext_lazy("Due"), lambda row: moment(row.due_at)),
                    (gettext_lazy("Message"), lambda row: outgoing.label(row.kind)),
                    (gettext_lazy("Status"), outcome),
                    (gettext_lazy("Sent"), lambda row: moment(row.sent_at)),
                ),
                can_add=False,
                is_rare=True,
                empty=gettext_lazy("No mail has been written to this person."),
            ),
        ),
    )
)
