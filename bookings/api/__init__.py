"""Calls over REST: planned, made, and the slots that are free."""
