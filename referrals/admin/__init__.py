"""Referrals in the workplace: one module for each group of records."""

from referrals.admin import (
    catalogue,
    ct,
    eap,
    follow_ups,
    programs,
    registry,
    routes,
    safety,
    supply,
)

__all__ = (
    "catalogue",
    "ct",
    "eap",
    "follow_ups",
    "programs",
    "registry",
    "routes",
    "safety",
    "supply",
)
