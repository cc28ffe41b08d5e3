"""Calls in the workplace: one module for each group of records; `joins` adds to patients."""

from bookings.admin import calls, feeds, joins, planned, roster

__all__ = ("calls", "feeds", "joins", "planned", "roster")
