"""Those who work here."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from portal.core.admin.forms import RecordForm
from portal.core.admin.records import Fact, RecordAdmin
from portal.core.models import RoleGiven, User


class NewUserForm(UserCreationForm):  # type: ignore[misc]
    """A new account, with its first password."""

    class Meta:
        model = User
        fields = ("username", "name", "email")


class UserForm(RecordForm, UserChangeForm):  # type: ignore[misc]
    """An account; the password has a form of its own."""


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RecordAdmin):  # type: ignore[misc]
    """Accounts of staff, and those behind API clients."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("name", "username", "email", "roles", "active", "last_login")
    list_filter = (("is_active", BooleanRadioFilter), ("is_staff", BooleanRadioFilter))
    search_fields = ("name", "username", "email")
    search_help_text = gettext_lazy("Part of a name, log-in name or e-mail")
    ordering = ("name", "username")
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    readonly_fields = ("last_login",)
    fieldsets = (
        (
            gettext_lazy("Account"),
            {
                "description": gettext_lazy("Switch an account off instead of deleting it."),
                "fields": (
                    ("username", "name"),
                    ("email", "last_login"),
                    "password",
                    ("is_active", "is_staff"),
                ),
            },
        ),
        (
            gettext_lazy("What they may do"),
            {
                "description": gettext_lazy("A role is a group. Superusers are asked nothing."),
                "fields": ("groups", "is_superuser"),
            },
        ),
        (
            gettext_lazy("What they prefer"),
            {
                "description": gettext_lazy("Times are shown in this zone."),
                "fields": (("language", "time_zone"), "languages_spoken"),
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Give the account a role on the next page."),
                "fields": (("username", "name"), "email", "password1", "password2"),
            },
        ),
    )

    history_parts = ((RoleGiven, "user_id"),)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.prefetch_related("groups")

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join([*names, *([_("superuser")] if user.is_superuser else [])])

    @admin.display(description=gettext_lazy("active"), boolean=True)
    def active(self, user: User) -> bool:
        return user.is_active

    @classmethod
    def autocomplete_label(cls, record: User) -> str:
        return record.name or record.username

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def facts(self, request: HttpRequest, record: User) -> list[Fact]:
        return []
