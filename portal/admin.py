"""Pages of the workplace that belong to no app (found here by Django's autodiscovery)."""

from portal.site import clients, rates

__all__ = ("clients", "rates")
