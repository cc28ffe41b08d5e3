"""`manage.py eligibility_review`: look again at who fits what they are followed for."""

from typing import Any

from django.core.management.base import BaseCommand

from referrals import reassessing


class Command(BaseCommand):
    help = (
        "Looks again at every patient who is followed for a trial or program, and keeps each "
        "result that is different now. A running worker does this every night."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"new results: {reassessing.review()}")
