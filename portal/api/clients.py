"""API clients: another system that uses REST under an account of its own."""

from typing import NamedTuple

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import Application

from portal.core.models import User
from portal.roles import Role

ROLES = (Role.API_READER, Role.API_WRITER)


class Client(NamedTuple):
    """What the other system needs to get tokens. The secret is known only here and now."""

    id: str
    secret: str


def make_client(*, name: str, role: str) -> Client:
    """Make the account `name` in `role` and its client for the client-credentials grant.

    The account cannot log in. Raises ValidationError when the name is taken or cannot be one.
    """
    if role not in ROLES:
        raise ValidationError(_("An API client is an api-reader or an api-writer."))
    with transaction.atomic():
        if Application.objects.filter(name=name).exists():
            raise ValidationError(_("There is already an API client of this name."))
        user = User(username=name, name=name, is_staff=False)
        user.set_unusable_password()
        user.full_clean()
        user.save()
        user.groups.add(Group.objects.get(name=role))
        secret = generate_client_secret()
        application = Application.objects.create(
            name=name,
            user=user,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            client_secret=secret,
        )
    return Client(application.client_id, secret)
