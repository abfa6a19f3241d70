"""Undersigned collects endorsements of a published statement and counts each endorser once."""

__version__ = "0.1.0"
