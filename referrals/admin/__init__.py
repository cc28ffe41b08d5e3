"""Referrals in the workplace: one module for each group of records."""

from referrals.admin import (
    catalogue,
    criteria,
    ct,
    eap,
    eligibility,
    follow_ups,
    options,
    programs,
    registry,
    routes,
    safety,
    supply,
)

__all__ = (
    "catalogue",
    "criteria",
    "ct",
    "eap",
    "eligibility",
    "follow_ups",
    "options",
    "programs",
    "registry",
    "routes",
    "safety",
    "supply",
)
