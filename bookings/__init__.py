"""Calls: when they are planned and what was said."""
