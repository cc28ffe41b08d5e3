"""Text files as people leave them: encodings, separators, torn records."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_import.sources import encodings
from crm_import.sources.encodings import look_at
from crm_import.sources.files import entries
from crm_import.tests import exports
from crm_import.tests.exports import contact
from crm_import.tests.reading import Seen, refusal, see

Rewrite = Callable[[Callable[[str], bytes]], Path]


@pytest.fixture
def rewritten(tmp_path: Path) -> Rewrite:
    """An export of which Contact.csv is written in another way."""

    def write(spoil: Callable[[str], bytes]) -> Path:
        folder = exports.write(
            tmp_path / "export",
            contacts=[
                contact(1, "Zoë", "Müller", "zoe@example.org", job_title="né; à Liège"),
                contact(2, "Anna", "Berg", "anna@example.org"),
            ],
        )
        path = folder / "Contact.csv"
        path.write_bytes(spoil(path.read_text(encoding="utf-8")))
        return folder

    return write


def first(seen: Seen) -> tuple[str, str, str]:
    row = seen.contacts[0]
    return row["firstname"], row["lastname"], row["job_title"]


@pytest.mark.parametrize(
    ("spoil", "encoding", "separator"),
    [
        pytest.param(lambda text: text.encode(), "utf-8", ",", id="UTF-8"),
        pytest.param(lambda text: text.encode("utf-8-sig"), "utf-8", ",", id="BOM"),
        pytest.param(
            lambda text: text.replace(",", "\t").encode("utf-16"), "utf-16", "\t", id="UTF-16, tabs"
        ),
        pytest.param(
            lambda text: text.replace(",", "\t").encode("utf-16-le"),
            *("utf-16-le", "\t"),
            id="UTF-16 without a BOM",
        ),
        pytest.param(
            lambda text: text.replace("né; à", '"né; à').replace("Liège", 'Liège"')
            .replace(",", ";").encode("cp1252"),
            *("cp1252", ";"),
            id="semicolons in Windows-1252",
        ),
        pytest.param(lambda text: text.encode("cp1252"), "cp1252", ",", id="Windows-1252"),
    ],
)  # fmt: skip
def test_row_05_encoding_and_separator_are_found(
    rewritten: Rewrite, spoil: Callable[[str], bytes], encoding: str, separator: str
) -> None:
    folder = rewritten(spoil)

    seen = see(folder)

    text = look_at(*entries(folder / "Contact.csv"))
    assert (text.encoding, text.separator) == (encoding, separator)
    assert first(seen) == ("Zoë", "Müller", "né; à Liège")
    assert seen.contacts[0].keys() == {*seen.source.parts[4].table.columns}
    assert not seen.bad


def test_row_04_record_that_is_no_utf8_among_others_is_unreadable(rewritten: Rewrite) -> None:
    folder = rewritten(lambda text: text.encode().replace(b"Anna", b"An\xe9a"))

    seen = see(folder)

    assert first(seen)[0] == "Zoë"
    assert [(bad.record, bad.reason) for bad in seen.bad] == [(2, "not_utf8")]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a\nM\xfcller\n", "cp1252"),
        (b"a\n\xff\n", "utf-8"),  # a letter of no word
        (b"a\nM\xfcller\x81\n", "utf-8"),  # not all of it decodes
        ("a\nMüller".encode() + b"\nM\xfcller\n", "utf-8"),  # some of it is UTF-8
        ("a\nМюллер\n".encode(), "utf-8"),
    ],
)
def test_another_encoding_is_believed_only_for_the_whole_file(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    assert look_at(*entries(path)).encoding == encoding


def test_character_cut_by_a_chunk_is_no_other_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a\nMüller é ☃\n".encode())

    for size in (1, 2, 3, 5):
        monkeypatch.setattr(encodings, "CHUNK", size)
        assert look_at(*entries(path)).encoding == "utf-8"


def test_utf16_that_ends_in_half_a_character_is_refused(rewritten: Rewrite) -> None:
    code, says = refusal(rewritten(lambda text: text.encode("utf-16") + b"\x00\xd8"))

    assert (code, "none further on" in says) == (8, True)


def test_rows_06_07_08_records_of_a_headed_file_stay_apart(rewritten: Rewrite) -> None:
    folder = rewritten(
        lambda text: (
            text.splitlines()[0]
            + "\r\n"
            + 'a1,"two\nlines, ""quoted""",\\.' + "," * 14 + "\n"  # rows 6 and 8
            + "short,row\n"  # row 1
            + "x" + "," * 17 + "\r\n"  # row 2
            + "b2,\\.," + "," * 14 + "\n"  # row 8
            + 'c3,"never closed' + "," * 15  # row 7, and no piece of a record
        ).encode()
    )  # fmt: skip

    seen = see(folder)

    assert [row["contactid"] for row in sorted(seen.contacts, key=str)] == ["a1", "b2"]
    assert {row["firstname"] for row in seen.contacts} == {'two\nlines, "quoted"', "\\."}
    assert [(bad.record, bad.reason) for bad in seen.bad] == [
        (2, "too_few_cells"),
        (3, "too_many_cells"),
        (5, "unterminated_quote"),
    ]


def test_row_03_nul_is_taken_out_and_its_bytes_kept(rewritten: Rewrite) -> None:
    seen = see(rewritten(lambda text: text.encode().replace(b"Anna", b"An\0na")))

    assert {row["firstname"] for row in seen.contacts} == {"Zoë", "Anna"}
    (bad,) = seen.bad
    assert (bad.reason, bad.loaded, b"An\0na" in bad.raw) == ("nul_removed", True, True)


def test_free_text_of_megabytes_is_one_cell(rewritten: Rewrite) -> None:
    huge = "x" * 5_000_000

    seen = see(rewritten(lambda text: text.replace("né; à Liège", huge).encode()))

    assert first(seen)[2] == huge


def test_ids_stay_as_they_were_written(rewritten: Rewrite) -> None:
    """What an id is, is decided in the database, where the raw one is kept beside it."""
    plain = exports.guid(1)
    braced = f"{{{plain.upper()}}}"

    seen = see(rewritten(lambda text: text.replace(plain, braced).encode()))

    assert seen.contacts[0]["contactid"] == braced
