"""The form of a person, and what is edited on a patient's own page."""

from typing import Any

from django.utils.translation import gettext_lazy

from patients.models import ContactPoint, Note
from portal.core.admin import AddOnlyInline, PartInline
from portal.core.admin.forms import RecordForm
from portal.core.phones import for_people


class ContactForm(RecordForm):
    """A person; the phone is shown as people write it, and stored as E.164."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("phone"):
            self.initial["phone"] = for_people(self.initial["phone"])


class ContactPointForm(RecordForm):
    """A further address or number; a phone is shown as people write it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind == ContactPoint.Kind.PHONE:
            self.initial["value"] = for_people(self.instance.value)


class ContactPointInline(PartInline):
    """Further addresses and numbers, edited on the patient's page."""

    model = ContactPoint
    form = ContactPointForm
    fields = ("kind", "value", "remark", "origin")
    readonly_fields = ("origin",)
    readonly_preprocess_fields = {"value": for_people}
    verbose_name_plural = gettext_lazy("Further e-mail addresses and phones")


class NoteForm(RecordForm):
    """What somebody wants to write down."""

    class Meta:
        model = Note
        fields = ("text",)
        labels = {"text": gettext_lazy("New note, kept as you save the patient")}


class NoteInline(AddOnlyInline):
    """A new note; the ones there are stand in the table of notes."""

    model = Note
    form = NoteForm
    fields = ("text",)
    tab = True
    verbose_name_plural = gettext_lazy("New note")
