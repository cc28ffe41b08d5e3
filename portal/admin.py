"""Pages of the workplace that belong to no app (found here by Django's autodiscovery)."""

from portal.site import clients

__all__ = ("clients",)
