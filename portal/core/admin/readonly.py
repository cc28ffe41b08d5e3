"""Read-only values of a form: a related record is a link only for who may open it."""

from collections.abc import Iterator
from typing import Any

from unfold.fields import UnfoldAdminField, UnfoldAdminReadonlyField
from unfold.forms import AdminForm, Fieldline, Fieldset

from portal.core.permissions import may


class OpenableField(UnfoldAdminReadonlyField):  # type: ignore[misc]
    """A read-only field whose link leads nowhere that the viewer is refused."""

    user: Any = None

    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> str:
        if not may(self.user, "view", remote_field.model):
            return str(remote_obj)
        link: str = super().get_admin_url(remote_field, remote_obj)
        return link


class _Line(Fieldline):  # type: ignore[misc]
    user: Any = None

    def __iter__(self) -> Iterator[Any]:
        for index, name in enumerate(self.fields):
            if name not in self.readonly_fields:
                yield UnfoldAdminField(self.form, name, is_first=index == 0)
                continue
            field = OpenableField(
                self.form, name, is_first=index == 0, model_admin=self.model_admin
            )
            field.user = self.user
            yield field


class _Lines(Fieldset):  # type: ignore[misc]
    user: Any = None

    def __iter__(self) -> Iterator[Any]:
        for field in self.fields:
            line = _Line(self.form, field, self.readonly_fields, model_admin=self.model_admin)
            line.user = self.user
            yield line


class OpenableForm(AdminForm):  # type: ignore[misc]
    """The form as the page shows it to one viewer."""

    def __init__(self, shown: AdminForm, user: Any) -> None:
        super().__init__(
            shown.form,
            shown.fieldsets,
            {},
            readonly_fields=shown.readonly_fields,
            model_admin=shown.model_admin,
        )
        self.prepopulated_fields = shown.prepopulated_fields
        self.user = user

    def __iter__(self) -> Iterator[Any]:
        for name, options in self.fieldsets:
            lines = _Lines(
                self.form,
                name,
                readonly_fields=self.readonly_fields,
                model_admin=self.model_admin,
                **options,
            )
            lines.user = self.user
            yield lines
