"""Forms that check every rule of the record, and refuse to overwrite somebody else's change."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from portal.core.history_log import changes_since


class VersionField(forms.IntegerField):
    """The version of the record that the form was filled from. Never a change of its own."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class RecordForm(forms.ModelForm):
    """A form of one record.

    All constraints of the model are checked, not only those of the fields in the form, so that
    what the database would refuse is said beside the form. A change of a record that somebody
    else changed in the meantime is refused, with what is different now.
    """

    version = VersionField(required=False)
    # Fields whose constraints only the verb can judge that saves this form.
    left_to_verb: Collection[str] = ()
    # Why a verb, or the database, refused what this form asked for when it was saved just now.
    refusal = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._is_versioned:
            self.initial["version"] = self.instance.version
        else:
            del self.fields["version"]

    @property
    def _is_versioned(self) -> bool:
        return not self.instance._state.adding and hasattr(self.instance, "version")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal:
            raise ValidationError(self.refusal, code="refused")
        if self._is_versioned and self.has_changed():
            self._refuse_stale(cleaned.get("version"))
        return cleaned

    def _refuse_stale(self, seen: int | None) -> None:
        if seen == self.instance.version:
            return
        actors, changes = changes_since(
            type(self.instance), self.instance.pk, version=seen or self.instance.version
        )
        fields = ", ".join(change.label for change in changes) or _("something")
        raise ValidationError(
            _(
                "%(who)s changed this record while you were editing it (%(fields)s). Nothing of "
                "yours was saved. Open the page again and repeat your change."
            ),
            code="stale_version",
            params={"who": ", ".join(actors) or _("Somebody"), "fields": fields},
        )

    def _post_clean(self) -> None:
        """Check every constraint too; Django skips those that name a field outside the form."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.instance.validate_constraints(exclude=set(self.left_to_verb))
        except ValidationError as errors:
            self._update_errors(ValidationError(self._placed(errors)))  # type: ignore[attr-defined]

    def _placed(self, errors: ValidationError) -> dict[str, list[ValidationError]]:
        """The errors beside the fields that are in the form, the others above it."""
        placed: dict[str, list[ValidationError]] = {}
        for name, messages in errors.error_dict.items():
            target = name if name in self.fields else NON_FIELD_ERRORS
            placed.setdefault(target, []).extend(messages)
        return placed
