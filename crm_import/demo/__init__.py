"""The generator of a demonstration export of the legacy CRM: `write_export` is its one entrance."""

from crm_import.demo.export import write_export

__all__ = ["write_export"]
