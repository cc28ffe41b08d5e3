"""`manage.py api_client NAME --role api-reader|api-writer`: let another system use REST."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from portal.api.clients import ROLES, make_client


class Command(BaseCommand):
    help = (
        "Makes an account and an OAuth2 client (client credentials) for another system, and prints "
        "its id and secret once: only a hash of the secret is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the client is called, for example hospital-ehr.")
        parser.add_argument(
            "--role",
            required=True,
            choices=[role.value for role in ROLES],
            help="Whether it may only read, or also write.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            client = make_client(name=options["name"], role=options["role"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"client id: {client.id}\nclient secret: {client.secret}")
        self.stderr.write("The secret is not stored and will not be shown again.")
