"""Pages of the workplace that belong to no app (found here by Django's autodiscovery)."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.site import clients, rates

__all__ = ("clients", "rates")

# The queue's own page: people look at messages, which say what became of them.
admin.site.unregister(ProcrastinateJob)
