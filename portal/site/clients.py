"""Roles and API clients: what the kernel does not know, and the portal stands on."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from portal.core.admin import ReadOnlyAdmin, RecordAdmin
from portal.roles import ACTIONS, TABLE, Role

Application = get_application_model()

# Their own pages show tokens and secrets, or edit what `portal.roles` decides.
for model in (
    Group,
    Application,
    get_access_token_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    admin.site.unregister(model)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """The roles, as the table of `portal.roles` has them."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    fieldsets = (
        (
            None,
            {
                "description": _("What a role may do is decided by the portal, not edited here."),
                "fields": ("name", "may_do"),
            },
        ),
    )
    readonly_fields = ("may_do",)

    @admin.display(description=_("may"))
    def may_do(self, group: Group) -> str:
        """What the role may do with each kind of record."""
        rows = [
            (
                capfirst(apps.get_model(label)._meta.verbose_name_plural),
                ", ".join(ACTIONS[letter] for letter in letters),
            )
            for label, roles in TABLE.items()
            if (letters := {role.value: mine for role, mine in roles.items()}.get(group.name))
        ]
        return format_html(
            '<dl class="portal-values">{}</dl>',
            format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", rows),
        )


@admin.register(Application)
class ApplicationAdmin(RecordAdmin):
    """API clients. They are made by `manage.py api_client`, which shows the secret once."""

    list_display = ("name", "client_id", "role", "active", "created")
    search_fields = ("name", "client_id")
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "description": _(
                    "Made by “manage.py api_client”. Switching off its account closes the client."
                ),
                "fields": (("name", "client_id"), ("role", "active"), "created"),
            },
        ),
    )
    readonly_fields = ("name", "client_id", "role", "active", "created")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("user").prefetch_related("user__groups")

    @admin.display(description=_("role"))
    def role(self, application: Any) -> str:
        roles = {role.value for role in Role}
        groups = application.user.groups.all() if application.user else ()
        return ", ".join(group.name for group in groups if group.name in roles)

    @admin.display(description=_("active"), boolean=True)
    def active(self, application: Any) -> bool:
        return bool(application.user and application.user.is_active)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
