"""REST of referrals and of what can be offered: one module per kind of record."""
