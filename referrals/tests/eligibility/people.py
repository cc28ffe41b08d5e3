"""The people whom criteria are tried on."""

from datetime import date

TODAY = date(2026, 11, 21)
