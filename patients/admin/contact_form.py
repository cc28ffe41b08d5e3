"""The form of a person, patient or specialist."""

from typing import Any

from portal.core.admin.forms import RecordForm
from portal.core.phones import for_people


class ContactForm(RecordForm):
    """A person; the phone is shown as people write it, and stored as E.164."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("phone"):
            self.initial["phone"] = for_people(self.initial["phone"])
