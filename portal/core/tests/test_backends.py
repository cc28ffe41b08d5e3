"""An account's permissions come in one statement and are the ones Django would find."""

from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission

from portal.core.backends import Accounts
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> User:
    """A navigator with one permission of their own besides."""
    user = UserFactory()
    user.groups.add(Group.objects.get(name="navigator"))
    user.user_permissions.add(Permission.objects.get(codename="delete_hospital"))
    return user


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_permissions_are_those_of_django_in_one_query(
    account: User, django_assert_num_queries: Any
) -> None:
    expected = ModelBackend().get_all_permissions(again(account))
    user = again(account)

    with django_assert_num_queries(1):
        held = Accounts().get_all_permissions(user)
        assert Accounts().get_all_permissions(user) is held

    assert held == expected
    assert user.has_perm("patients.delete_hospital")
    assert not user.has_perm("patients.delete_specialization")


def test_superuser_has_every_permission() -> None:
    user = UserFactory(is_superuser=True)

    assert len(Accounts().get_all_permissions(user)) == Permission.objects.count()


def test_account_that_was_switched_off_and_nobody_have_none(account: User) -> None:
    User.objects.filter(pk=account.pk).update(is_active=False)

    assert Accounts().get_all_permissions(again(account)) == set()
    assert Accounts().get_all_permissions(AnonymousUser()) == set()
    assert Accounts().get_all_permissions(account, obj=account) == set()
