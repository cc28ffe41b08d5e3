"""Where uploaded files lie: a folder that no URL leads to."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible
class PrivateFiles(FileSystemStorage):
    """Files that only the portal's own account can read, and only views with a check hand out.

    A file is on the disk when `save` returns, so that a row committed afterwards cannot outlive
    it in a power cut.
    """

    def __init__(self, location: str | None = None) -> None:
        super().__init__(
            location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700
        )

    def url(self, name: str | None) -> str:
        raise ValueError("These files have no URL.")

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        saved = super().save(name, content, max_length)
        path = Path(self.path(saved))
        _flush(path)
        _flush(path.parent)
        return saved


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_placed(**_options: Any) -> list[checks.CheckMessage]:
    """The deployment check: somebody has to say where documents are kept."""
    if settings.DOCUMENTS_PLACED:
        return []
    return [
        checks.Error(
            "Nothing says where documents are stored.",
            hint="Set DOCUMENTS_DIR, or DOCUMENTS_S3_BUCKET; see docs/operators.md.",
            id="core.E001",
        )
    ]
