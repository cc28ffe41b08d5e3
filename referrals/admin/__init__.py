"""Referrals in the workplace: one module for each group of records."""

from referrals.admin import catalogue, ct, eap, options, programs, registry, routes

__all__ = ("catalogue", "ct", "eap", "options", "programs", "registry", "routes")
