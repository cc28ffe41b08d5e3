"""REST of people and of the lists they point at: one module per kind of record."""
