"""The exports of the legacy CRM, in whatever shape they come: found out, and brought into one."""

from crm_import.sources.detection import detect
from crm_import.sources.shape import Batch, Choices, Part, Reading, Source

__all__ = ["Batch", "Choices", "Part", "Reading", "Source", "detect"]
