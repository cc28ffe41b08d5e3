"""The PDF: the words of the report, in the letters of many languages."""

import re
import zlib
from datetime import date
from typing import Any

import pytest
from django.utils import translation
from fontTools.ttLib import TTFont

from patients.models import Patient
from referrals.eligibility import Facts
from referrals.options import Options
from referrals.reporting import paper as module
from referrals.reporting.content import Audience, compose
from referrals.reporting.paper import paper, printable

TODAY = date(2026, 11, 21)
NAMES = "Łucja Dvořák-Şahinoğlu Ελένη Παπαδοπούλου Анна Щербакова Nguyễn Đặng"


def content(language: str, name: str = NAMES) -> dict[str, Any]:
    """A report without options for somebody of that name."""
    person = Patient(first_name=name, language=language)
    found = Options(person, Facts(today=TODAY, condition_name="ALS"), ())
    with translation.override(language):
        return compose(
            found,
            {verdict: [] for verdict in found.counts()},
            audience=Audience.PATIENT,
            number=12,
            language=language,
            instead_of="",
            made_by="Nora",
            today=TODAY,
        )


def shown(pdf: bytes) -> set[str]:
    """Every letter that the PDF can show."""
    tables = re.findall(rb"begincmap(.*?)endcmap", pdf, re.DOTALL)
    assert len(tables) == 2  # the regular and the bold font
    pairs = re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]{4,8})>", b"".join(tables))
    return {bytes.fromhex(pair.decode()).decode("utf-16-be") for pair in pairs}


def _lost(name: str) -> str:
    """What the PDF for somebody of that name says of letters that it lost."""
    drawn = module._Paper(content("en", name), compress=False)
    drawn.release()
    return drawn._lost()


@pytest.mark.parametrize("language", ["en", "nl", "es"])
def test_every_letter_of_the_report_is_in_the_pdf(language: str) -> None:
    report = content(language)

    made = paper(report, compress=False)

    words = "".join([report["title"], *report["lead"], *report["care"], NAMES])
    assert set(printable(words)) - {" "} <= shown(made)
    assert f"/Lang ({language})".encode() in made
    assert made.count(b"/Type /Page\n") == 1


def test_letters_of_other_scripts_become_signs_and_are_mentioned() -> None:
    signs = "\N{REPLACEMENT CHARACTER}" * 3

    made = paper(content("en", "王小明"), compress=False)

    assert printable("王小明") == signs
    assert "\N{REPLACEMENT CHARACTER}" in shown(made)
    lost = _lost("王小明")
    assert lost.startswith("3 letters cannot be printed")
    assert not _lost(NAMES)


def test_a_letter_with_its_accent_apart_is_put_together() -> None:
    assert printable("S\u0327ahin\n  x") == "Şahin x"


def test_the_pdf_says_its_title_and_nobodys_name() -> None:
    made = paper(content("nl"), compress=False)

    (title,) = re.findall(rb"/Title \((.*?)\)\n", made, re.DOTALL)
    assert b"12" in title
    assert b"Dvo" not in title


def test_compressed_pages_are_the_same_pages() -> None:
    made = paper(content("en"))

    assert len(made) < len(paper(content("en"), compress=False))
    assert zlib.decompress(re.findall(rb"stream\n(.*?)\nendstream", made, re.DOTALL)[0])


@pytest.mark.parametrize("path", [module._REGULAR, module._BOLD])
def test_the_fonts_are_small_and_have_the_same_letters(path: Any) -> None:
    with TTFont(path) as font:
        letters = set(font.getBestCmap())

    assert path.stat().st_size < 250_000
    assert {ord(letter) for letter in NAMES + "ßœøåñ€„“”’–…•·�"} <= letters
