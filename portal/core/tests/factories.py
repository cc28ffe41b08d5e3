"""Valid members of staff."""

from collections.abc import Iterable
from typing import Any

import factory
from django.contrib.auth.models import Permission

from portal.core.models import User


class UserFactory(factory.django.DjangoModelFactory[User]):
    """`UserFactory(may=["patients.add_note"])`: with these permissions, whatever the roles say."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    name = factory.Faker("name")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    is_staff = True

    @factory.post_generation
    def may(self: User, _create: bool, names: Iterable[str] | None, **_options: Any) -> None:
        for name in names or ():
            app, codename = name.split(".")
            self.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
