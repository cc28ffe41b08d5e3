"""Which permissions an account has: asked once per request, in one statement."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection

_HELD = """
SELECT t.app_label || '.' || p.codename
FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
WHERE p.id IN (
    SELECT permission_id FROM core_user_user_permissions WHERE user_id = %(user)s
    UNION ALL
    SELECT g.permission_id FROM auth_group_permissions g
    JOIN core_user_groups u ON u.group_id = g.group_id WHERE u.user_id = %(user)s
)
"""


class Accounts(ModelBackend):
    """Django's own backend; it would ask twice, for the account and for its groups."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Like Django's: "app.codename" of every permission; empty for who may do nothing."""
        if obj is not None or user_obj.is_superuser or not user_obj.is_active:
            return super().get_all_permissions(user_obj, obj)
        if user_obj.is_anonymous:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            with connection.cursor() as cursor:
                cursor.execute(_HELD, {"user": user_obj.pk})
                user_obj._perm_cache = {row[0] for row in cursor.fetchall()}
        held: set[str] = user_obj._perm_cache
        return held
