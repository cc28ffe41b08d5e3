"""Small files of every kind, and some that only look like it."""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 1\nstartxref\n42\n%%EOF\n"
TEXT = "Geachte collega,\n\nBetreft: mevrouw Ó Súilleabháin-Müller.\n".encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    sum_ = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + sum_


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    + chunk(b"IEND", b"")
)


def segment(kind: int, data: bytes) -> bytes:
    """One segment of a JPEG."""
    return bytes((0xFF, kind)) + struct.pack(">H", len(data) + 2) + data


JPEG = (
    b"\xff\xd8"
    + segment(0xE1, b"Exif\x00\x00" + b"\x00" * 40)
    + b"\xff"  # a fill byte
    + segment(0xC4, b"\x00" * 17)
    + segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
    + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    + b"\x7f\xff\xd9"
)
HEIC = (
    struct.pack(">I", 24)
    + b"ftypmif1\x00\x00\x00\x00mif1heic"
    + struct.pack(">I", 12)
    + b"meta\x00\x00\x00\x00"
)


def contents(main: str, part: str, more: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{TYPES}">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{main}"/>{more}</Types>'
    )


def archive(parts: dict[str, str | bytes], compression: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", compression) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return file.getvalue()


def docx(more_types: str = "", main: str = WORD, **parts: str | bytes) -> bytes:
    """A Word file; `parts` are further files, `__` for a slash in their names."""
    further = {name.replace("__", "/").replace("_", "."): data for name, data in parts.items()}
    return archive(
        {
            "[Content_Types].xml": contents(main, "word/document.xml", more_types),
            "word/document.xml": "<document/>",
            **further,
        }
    )


DOCX = docx()
XLSX = archive(
    {
        "xl/workbook.xml": "<workbook/>",
        "xl/worksheets/sheet1.xml": "<worksheet/>",
        "[Content_Types].xml": contents(SHEET, "xl/workbook.xml"),
    },
    ZIP_STORED,
)
BY_TYPE = {
    "PDF": PDF,
    "PNG": PNG,
    "JPEG": JPEG,
    "HEIC": HEIC,
    "DOCX": DOCX,
    "XLSX": XLSX,
    "plain text": TEXT,
}
