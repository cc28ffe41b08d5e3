"""How much of an upload is taken in."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class NoMoreThanNeeded(FileUploadHandler):
    """Stops keeping a request's files once they are larger than any file may be.

    The rest is read and thrown away. What was kept is too large by a little, so whoever looks at
    it says so; and nobody fills the disk with one request, logged in or not.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.kept > settings.DOCUMENT_MAX_BYTES:
            return None
        self.kept += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers after this one make the file."""
