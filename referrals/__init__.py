"""Referrals: clinical trials, expanded access programs, and the way of a patient into one."""
