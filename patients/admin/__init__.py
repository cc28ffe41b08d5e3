"""People in the workplace: one module for each group of records.

`joined` is where the apps above add their part to a patient's page.
"""

from patients.admin import (
    contact_points,
    documents,
    duplicates,
    erasure,
    identity,
    lifecycle,
    lookups,
    measures,
    merges,
    messages,
    observations,
    patient,
    proposals,
    said,
    specialists,
)

__all__ = (
    "contact_points",
    "documents",
    "duplicates",
    "erasure",
    "identity",
    "lifecycle",
    "lookups",
    "measures",
    "merges",
    "messages",
    "observations",
    "patient",
    "proposals",
    "said",
    "specialists",
)
