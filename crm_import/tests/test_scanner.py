"""Files as they come: what is no record is kept as bytes, and nothing is ever shifted."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_import import importing
from crm_import.models import LegacyContact, LegacyPatient, Problem, SourceFile, UnreadableRecord
from crm_import.refusals import SourceUnreadable
from crm_import.sources import scanner
from crm_import.sources.encodings import look_at
from crm_import.sources.files import entries
from crm_import.sources.scanner import Scanner, header_of
from crm_import.tests import exports
from patients.models import Patient

Parts = tuple[dict[int, list[str]], list[tuple[int, int, str]]]


def scan(path: Path) -> Parts:
    """(record → cells, [(record, offset, reason of a bad one)])"""
    cells: dict[int, list[str]] = {}
    bad: list[tuple[int, int, str]] = []
    text = look_at(*entries(path))
    for batch in Scanner(text, len(header_of(text))).batches():
        cells |= {n: line.decode().split(",") for n, line in batch.lines}
        cells |= dict(batch.rows)
        bad += [(item.record, item.offset, item.reason) for item in batch.bad]
    return cells, bad


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "Some.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "cells", "bad"),
    [
        pytest.param(b"a,b\n1,2\n3,4\n", {1: ["1", "2"], 2: ["3", "4"]}, [], id="plain"),
        pytest.param(b"a,b\n1,2", {1: ["1", "2"]}, [], id="no last line end"),
        pytest.param(b"a,b\r\n1,2\r\n3,4\n", {1: ["1", "2"], 2: ["3", "4"]}, [], id="mixed ends"),
        pytest.param(b"a,b\n1,2\n\n\n3,4\n", {1: ["1", "2"], 2: ["3", "4"]}, [], id="empty lines"),
        pytest.param("a,b\nÉ,☃\n".encode(), {1: ["É", "☃"]}, [], id="more than ascii"),
        pytest.param(
            b'a,b\n"x\n\\.\ny, ""z""\r\n",2\n3,4\n',
            {1: ['x\n\\.\ny, "z"\r\n', "2"], 2: ["3", "4"]},
            [],
            id="line ends, quotes and a lone backslash dot in a cell",
        ),
        pytest.param(
            b"a,b\n1\n1,2,3\n3,4\n",
            {3: ["3", "4"]},
            [(1, 4, "too_few_cells"), (2, 6, "too_many_cells")],
            id="cells missing or too many",
        ),
        pytest.param(b"a,b\n\xff,2\n3,4\n", {2: ["3", "4"]}, [(1, 4, "not_utf8")], id="no text"),
        pytest.param(
            b"a,b\n1\0,2\n3,4\n",
            {1: ["1", "2"], 2: ["3", "4"]},
            [(1, 4, "nul_removed")],
            id="NUL",
        ),
        pytest.param(
            b'a,b\n1,2\n"never closed,4\n5,6\n',
            {1: ["1", "2"], 3: ["5", "6"]},
            [(2, 8, "unterminated_quote")],
            id="a quote that is never closed",
        ),
        pytest.param(b'a,b\n"x"y,2\n', {}, [(1, 4, "no_csv")], id="text after a quote"),
        pytest.param(
            b'a,b\n0,k"\n1,y\n2,z"\n3,ok\n',
            {2: ["1", "y"], 4: ["3", "ok"]},
            [(1, 4, "no_csv"), (3, 13, "unterminated_quote")],
            id="two lone quotes far apart",
        ),
        pytest.param(
            b'a,b\n1,"x"y"\n2,y\n3,z"\n4,5\n',
            {2: ["2", "y"], 4: ["4", "5"]},
            [(1, 4, "no_csv"), (3, 16, "unterminated_quote")],
            id="text after a quote that is closed later",
        ),
        pytest.param(
            b"a,b\n1,2\r3,4\n5,6\n",
            {2: ["5", "6"]},
            [(1, 4, "no_csv")],
            id="a lone carriage return",
        ),
    ],
)
def test_records_of_a_file(
    file: Callable[[bytes], Path],
    content: bytes,
    cells: dict[int, list[str]],
    bad: list[tuple[int, int, str]],
) -> None:
    assert scan(file(content)) == (cells, bad)


def test_lone_quotes_of_a_long_file_take_nothing_with_them(
    file: Callable[[bytes], Path],
) -> None:
    middle = b"".join(b"%d,y\n" % n for n in range(1, 900))

    cells, bad = scan(file(b'a,b\n0,k"\n' + middle + b'900,z"\n901,ok\n'))

    assert len(cells) + len(bad) == 902
    assert cells[902] == ["901", "ok"]
    assert {record for record, _offset, _reason in bad} <= {1, 901}


def test_records_do_not_depend_on_where_a_chunk_ends(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"a,b\n" + b'1,"x\ny"\n2,3\n"\n\n",4\nbad\n' * 50
    whole = scan(file(content))

    for size in (1, 7, 64):
        monkeypatch.setattr(scanner, "CHUNK", size)
        assert scan(file(content)) == whole
    assert len(whole[0]) == 150
    assert len(whole[1]) == 50


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfea\0,\0b\0\n", "UTF-16"),
        (b"\xe9,b\n", "UTF-8"),
    ],
)
def test_file_without_a_header_is_refused(
    file: Callable[[bytes], Path], content: bytes, says: str
) -> None:
    with pytest.raises(SourceUnreadable, match=says):
        header_of(look_at(*entries(file(content))))


def test_byte_order_mark_is_no_part_of_the_first_header(file: Callable[[bytes], Path]) -> None:
    text = look_at(*entries(file(b"\xef\xbb\xbfa,b\n1,2\n")))

    assert header_of(text) == ["a", "b"]


def test_archive_keeps_every_cell_and_the_bytes_of_bad_records(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[exports.contact(1, "Anna", "Berg")])
    path = folder / "Contact.csv"
    path.write_bytes(path.read_bytes() + b"one,two\n" + b"\xff\n")

    result = importing.run(source=folder, by=None)

    assert result.report["tables"]["Contact"]["read"] == 3
    assert result.report["tables"]["Contact"]["quarantined"] == 2
    ledger = SourceFile.objects.get(entity="Contact")
    assert (ledger.records, ledger.unreadable, ledger.known) == (3, 2, 0)
    assert ledger.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    kept = UnreadableRecord.objects.order_by("record").values_list("record", "raw", "reason")
    assert [(n, bytes(raw), why) for n, raw, why in kept] == [
        (2, b"one,two\n", "too_few_cells"),
        (3, b"\xff\n", "not_utf8"),
    ]
    row = LegacyContact.objects.get()
    assert (row.record, row.firstname, row.hospital) == (1, "Anna", "")
    assert set(Problem.objects.values_list("record", "code")) == {
        (2, "too_few_cells"),
        (3, "not_utf8"),
    }


def test_nul_is_taken_out_and_reported(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[exports.contact(1, "An\0na", "Berg")])

    result = importing.run(source=folder, by=None)

    assert result.report["tables"]["Contact"]["imported"] == 1
    assert Patient.objects.get().first_name == "Anna"
    kept = UnreadableRecord.objects.get()
    assert kept.loaded
    assert b"An\0na" in bytes(kept.raw)
    assert Problem.objects.get().code == "nul_removed"


def test_unknown_columns_are_kept_and_absent_ones_named(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export")
    (folder / "Contact.csv").write_text(
        "ContactId,emailaddress1,shoe_size,firstname,lastname,contact_type\n"
        f"{exports.guid(1)},a@example.org,42,Anna,Berg,{exports.LEAD}\n"
        f'{exports.guid(2)},b@example.org,,Ben,"Smit, jr",{exports.LEAD}\n',
        encoding="utf-8",
    )

    result = importing.run(source=folder, by=None)

    assert result.report["tables"]["Contact"]["imported"] == 2
    assert list(LegacyContact.objects.order_by("record").values_list("extra", "lastname")) == [
        ({"shoe_size": "42"}, "Berg"),
        (None, "Smit, jr"),
    ]
    assert set(Patient.objects.values_list("email", flat=True)) == {
        "a@example.org",
        "b@example.org",
    }
    absent = Problem.objects.filter(code="column_absent", entity="Contact")
    assert "booking_date" in absent.values_list("field", flat=True)


def test_row_09_free_text_of_megabytes_is_kept_whole(db: None, tmp_path: Path) -> None:
    text = 'all of "it", ' * 100_000
    row = exports.patient(1, "Anna", "Berg", ineligible_reason=text, trial_id="NCT00000001")
    folder = exports.write(tmp_path / "export", patients=[row])

    importing.run(source=folder, by=None)

    assert LegacyPatient.objects.get().ineligible_reason == text
    assert Patient.objects.get().ct_referrals.get().ineligible_text == text.strip()
    assert Problem.objects.filter(code="long_text").exists()
