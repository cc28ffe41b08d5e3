"""Referrals in the workplace: one module for each group of records."""

from referrals.admin import (
    catalogue,
    criteria,
    ct,
    eap,
    eligibility,
    options,
    programs,
    registry,
    routes,
)

__all__ = (
    "catalogue",
    "criteria",
    "ct",
    "eap",
    "eligibility",
    "options",
    "programs",
    "registry",
    "routes",
)
