"""How a stored file leaves: as an attachment, never shown by the browser as a page of ours."""

import unicodedata

from django.core.files.base import File
from django.http import FileResponse

# What some system forbids in a file name, or gives a meaning to.
_FORBIDDEN = dict.fromkeys(map(ord, '\\/:*?"<>|'), " ")
_LONGEST = 100


def safe_name(title: str, extension: str) -> str:
    """A file name for every system, made of a title; "document" when nothing of it is left."""
    plain = unicodedata.normalize("NFC", title).translate(_FORBIDDEN)
    # Categories C are control and format characters, among them those that turn text around.
    shown = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in plain)
    name = " ".join(shown.split())[:_LONGEST].strip(". ")
    return f"{name or 'document'}.{extension}"


def attachment(file: File, *, name: str, content_type: str) -> FileResponse:
    """The file, streamed, to be saved under `name`. No cache keeps it."""
    response = FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
    response.block_size = 64 * 1024
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
