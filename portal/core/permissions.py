"""Who may do what, asked the same way everywhere.

The answers come from the groups that `portal.roles` describes; this module only asks.
"""

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models
from rest_framework.permissions import DjangoModelPermissions


def may(user: Any, action: str, model: type[models.Model]) -> bool:
    """Whether `user` may `view`, `add`, `change` or `delete` rows of `model`."""
    codename = get_permission_codename(action, model._meta)
    return bool(user.has_perm(f"{model._meta.app_label}.{codename}"))


class ModelPermissions(DjangoModelPermissions):
    """Demands the model's *view* permission for reading too, which DRF's own class does not."""

    perms_map = {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "POST": ["%(app_label)s.add_%(model_name)s"],
        "PUT": ["%(app_label)s.change_%(model_name)s"],
        "PATCH": ["%(app_label)s.change_%(model_name)s"],
        "DELETE": ["%(app_label)s.delete_%(model_name)s"],
    }


class VerbPermissions(ModelPermissions):
    """Demands the model's *change* permission for a POST that changes a record by a verb."""

    perms_map = {
        **ModelPermissions.perms_map,
        "POST": ["%(app_label)s.change_%(model_name)s"],
    }


class QuestionPermissions(ModelPermissions):
    """Demands the model's *view* permission for a POST that asks and changes nothing."""

    perms_map = {**ModelPermissions.perms_map, "POST": ModelPermissions.perms_map["GET"]}
