"""Looks at an export before anything is imported: what it is, what is in it, what is odd in it.

The export is read as the import reads it, into temporary tables, and judged there by the functions
that the import uses. The transaction may write nothing else (READ ONLY) and is rolled back.
"""

from crm_import.profiling.facts import Profile
from crm_import.profiling.running import run

__all__ = ["Profile", "run"]
