"""Referrals in the workplace: one module for each group of records."""

from referrals.admin import catalogue, ct, eap, programs, registry, routes, safety, supply

__all__ = ("catalogue", "ct", "eap", "programs", "registry", "routes", "safety", "supply")
