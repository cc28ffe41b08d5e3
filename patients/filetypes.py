"""What a file is, told by what is in it: its name and the sender's word for it mean nothing.

Few kinds are kept, and a file has to be one of them throughout, as far as its structure shows:
what is two kinds at once is refused, and so are macros, web pages and drawings, which can act on
the machine of the person who opens them. (Libraries that guess types give the likeliest of
hundreds; the question here is whether a file really is one of seven.) Nothing is unpacked but the
list of contents of an Office file, and no more of that than a limit. A file is not searched for
viruses.

Formats: ISO 32000 (PDF), ISO/IEC 15948 (PNG), ISO/IEC 10918 (JPEG), ISO/IEC 23008-12 (HEIC),
ISO/IEC 29500 (DOCX, XLSX).
"""

import codecs
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from django.core.files.base import File
from django.utils.translation import gettext as _

from portal.core.errors import Refused

# An Office file beyond these is not a document that somebody wrote.
MAX_DIRECTORY = 1024 * 1024  # bytes of the archive's list of files
MAX_CONTENTS = 512 * 1024  # bytes of its list of contents, unpacked
MAX_UNPACKED = 1024 * 1024 * 1024  # bytes it says it has, unpacked

_HEAD = 1024
_TAIL = 2048
_SEGMENTS = 5000  # of a JPEG before its picture; cameras write a few dozen
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_UNKNOWN_SIZE = 0xFFFFFFFF  # stands elsewhere, in a ZIP64 record
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_MARKUP = re.compile(rb"<(!doctype|html|head|body|script|svg|iframe|\?xml|\?php)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that is kept."""

    name: str
    content_type: str
    extension: str


_OPENXML = "application/vnd.openxmlformats-officedocument."
PDF = FileType("PDF", "application/pdf", "pdf")
PNG = FileType("PNG", "image/png", "png")
JPEG = FileType("JPEG", "image/jpeg", "jpg")
HEIC = FileType("HEIC", "image/heic", "heic")
DOCX = FileType("DOCX", f"{_OPENXML}wordprocessingml.document", "docx")
XLSX = FileType("XLSX", f"{_OPENXML}spreadsheetml.sheet", "xlsx")
TEXT = FileType("plain text", "text/plain; charset=utf-8", "txt")
TYPES = (PDF, PNG, JPEG, HEIC, DOCX, XLSX, TEXT)
NAMES = ", ".join(each.name for each in TYPES)
ENDINGS = ",".join(f".{each.extension}" for each in TYPES) + ",.jpeg"

# The part of an Office file that has to be there, of the type that it has without macros.
_MAIN_PARTS = ((DOCX, "word/document.xml"), (XLSX, "xl/workbook.xml"))


class NotAccepted(Refused):
    """The file is not of a kind, or not in a state, that is kept."""

    code = "file_not_accepted"


def recognise(file: File) -> FileType:
    """The kind of this file. Raises NotAccepted, which says what is wrong and what to do."""
    head = _read(file, 0, _HEAD)
    if b"%PDF-" in head[1:]:
        raise _two_kinds()
    for detect in (_pdf, _png, _jpeg, _heic, _office, _text):
        found = detect(file, head)
        if found is not None:
            break
    else:
        raise _unknown(head)
    if found not in (DOCX, XLSX) and _archive_list(file) is not None:
        raise _two_kinds()
    file.seek(0)
    return found


def of(content_type: str) -> FileType:
    """The kind with this content type; for one that is not kept any more, a file of bytes."""
    known = (each for each in TYPES if each.content_type == content_type)
    return next(known, FileType("file", "application/octet-stream", "bin"))


def _read(file: File, start: int, length: int) -> bytes:
    file.seek(max(0, start))
    data: bytes = file.read(length)
    return data


# --- one by one: the type, None for a file that does not begin like it, NotAccepted for one that
# does and goes on differently


def _pdf(file: File, head: bytes) -> FileType | None:
    """The trailer is near the end, where ISO 32000 wants it."""
    if not head.startswith((b"%PDF-1.", b"%PDF-2.")):
        return None
    tail = _read(file, file.size - _TAIL, _TAIL)
    if b"startxref" not in tail or b"%%EOF" not in tail:
        raise _damaged()
    return PDF


def _png(file: File, head: bytes) -> FileType | None:
    """The header is the first chunk, and nothing follows the last one."""
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    begins = head[8:16] == b"\x00\x00\x00\x0dIHDR"
    ends = _read(file, file.size - 12, 12) == b"\x00\x00\x00\x00IEND\xaeB\x60\x82"
    if not (begins and ends):
        raise _damaged()
    return PNG


def _jpeg(file: File, head: bytes) -> FileType | None:
    """Segment by segment to the picture. Phones add to the end, so that is not looked at."""
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    position, framed = 2, False
    for _step in range(_SEGMENTS):
        marker = _read(file, position, 4)
        if len(marker) < 4 or marker[0] != 0xFF:
            break
        kind, length = marker[1], int.from_bytes(marker[2:], "big")
        if kind == 0xFF:  # a fill byte
            position += 1
            continue
        if kind == 0xDA and framed:  # here the picture begins
            return JPEG
        if length < 2 or kind < 0xC0 or 0xD0 <= kind <= 0xDA:  # nothing that may come before it
            break
        framed = framed or (kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC))
        position += 2 + length
    raise _damaged()


def _heic(file: File, head: bytes) -> FileType | None:
    """A picture by its brands, and then what describes it."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or not 16 <= size <= _HEAD:
        return None
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if not brands & {b"heic", b"heix", b"heim", b"heis"}:
        return None
    if _read(file, size + 4, 4) != b"meta":
        raise _damaged()
    return HEIC


def _text(file: File, head: bytes) -> FileType | None:
    """UTF-8 from the beginning to the end, without control characters or markup."""
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"<", b"{\\rtf", b"%!", *_PROGRAMS)):
        return None
    if b"\x00" in head or _MARKUP.search(head):
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        for chunk in file.chunks():
            if _CONTROL.search(decoder.decode(chunk)):
                return None
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return TEXT


# --- Office files: an archive with a list of contents


def _office(file: File, head: bytes) -> FileType | None:
    """The main part is there, of the type without macros, and there are none elsewhere."""
    if not head.startswith(_ZIP):
        return None
    listed = _archive_list(file)
    if listed is None:
        raise _damaged()
    if listed > MAX_DIRECTORY:
        raise _too_much()
    try:
        with zipfile.ZipFile(file) as archive:
            names = {each.filename for each in archive.infolist()}
            types = _contents(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError) as error:
        raise _damaged() from error
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error
    if _has_macros((*names, *types.values())):
        raise NotAccepted(
            _("This file has macros. Save it without them, or as PDF, and add that."),
            code="file_macros",
        )
    for found, part in _MAIN_PARTS:
        if part in names and types.get(f"/{part}") == f"{found.content_type}.main+xml":
            return found
    return None


def _archive_list(file: File) -> int | None:
    """How many bytes the list of files of the archive at the end has; None without an archive."""
    length = min(file.size, 22 + 0xFFFF)
    tail = _read(file, file.size - length, length)
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) < at + 22:
        return None
    size: int = struct.unpack_from("<L", tail, at + 12)[0]
    begins_at = file.size - length + at
    return size if size <= begins_at or size == _UNKNOWN_SIZE else None


def _contents(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part name, or extension, → content type in lower case, as the archive lists them."""
    if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
        raise _too_much()
    try:
        listing = archive.getinfo("[Content_Types].xml")
    except KeyError:
        return {}
    if listing.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return {}
    with archive.open(listing) as packed:
        text = packed.read(MAX_CONTENTS + 1)
    if len(text) > MAX_CONTENTS:
        raise _too_much()
    return _types(text)


def _types(text: bytes) -> dict[str, str]:
    found: dict[str, str] = {}

    def element(_name: str, attributes: dict[str, str]) -> None:
        part = attributes.get("PartName") or attributes.get("Extension", "")
        found[part] = attributes.get("ContentType", "").lower()

    def doctype(*_declared: Any) -> None:
        raise ValueError("a list of contents declares nothing")

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(text, True)
    return found


def _has_macros(words: Iterable[str]) -> bool:
    signs = ("vbaproject", "macrosheet", "macroenabled")
    return any(sign in word.lower() for word in words for sign in signs)


# --- refusals


def _unknown(head: bytes) -> NotAccepted:
    if head.startswith(_OLD_OFFICE):
        return NotAccepted(
            _(
                "This is an old Office file, or one with a password. Save it as PDF, DOCX or XLSX "
                "without a password and add that."
            ),
            code="file_old_office",
        )
    if _MARKUP.search(head):
        return NotAccepted(
            _("Web pages, drawings and XML are not kept. Print it to a PDF and add that."),
            code="file_markup",
        )
    return NotAccepted(
        _("This kind of file is not kept. Save it as PDF and add that. Kept are %(names)s (UTF-8).")
        % {"names": NAMES}
    )


def _damaged() -> NotAccepted:
    return NotAccepted(
        _("The file is damaged or not complete. Open it, save it again and add that."),
        code="file_damaged",
    )


def _two_kinds() -> NotAccepted:
    return NotAccepted(
        _("This file is of two kinds at once. Open it, print it to a PDF and add that."),
        code="file_two_kinds",
    )


def _too_much() -> NotAccepted:
    return NotAccepted(
        _("This file unpacks to far more than a document has. Save it as PDF and add that."),
        code="file_too_much",
    )
