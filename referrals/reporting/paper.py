"""A report as a PDF, in letters of our own so that it prints the same everywhere.

The fonts are DejaVu Sans cut down to Latin, Greek and Cyrillic; docs/operators.md says how.
A letter of another script becomes the replacement sign, and the PDF says so.
"""

import unicodedata
from functools import cache
from pathlib import Path

from django.utils.translation import ngettext
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from referrals.reporting.content import Content, texts

_FONTS = Path(__file__).resolve().parent.parent / "fonts"
_REGULAR, _BOLD = _FONTS / "DejaVuSans.ttf", _FONTS / "DejaVuSans-Bold.ttf"
_SANS = "DejaVu"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_INK, _QUIET, _ACCENT = (28, 39, 51), (84, 96, 108), (23, 117, 107)
_CARE_LINE, _CARE_FILL, _RULE = (180, 83, 9), (253, 246, 233), (215, 221, 227)
_BODY, _SMALL, _TITLE, _SECTION, _NAME = 10.0, 8.5, 20.0, 14.0, 11.0
_MARGIN, _INDENT = 20.0, 4.0
# How a table shares the width: few columns tell facts, many tell criteria.
_WIDTHS = {3: (50, 20, 30), 5: (34, 12, 24, 13, 17)}


def paper(content: Content, *, compress: bool = True) -> bytes:
    """The PDF. Without `compress` its text can be searched for."""
    drawn = _Paper(content, compress=compress)
    try:
        drawn.draw()
        return bytes(drawn.output())
    finally:
        drawn.release()


@cache
def _letters() -> frozenset[int]:
    """The code points that both fonts have."""
    found = []
    for path in (_REGULAR, _BOLD):
        with TTFont(path) as face:
            found.append(frozenset(face.getBestCmap()))
    return frozenset.intersection(*found)


def printable(text: str) -> str:
    """The text on one line, with the replacement sign for letters that the fonts do not have."""
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each if ord(each) in _letters() else _REPLACEMENT for each in composed)


class _Paper(FPDF):
    """The pages of one report."""

    def __init__(self, content: Content, *, compress: bool) -> None:
        super().__init__(format="A4")
        self.report = content
        self.set_compression(compress)
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 5)
        self.add_font(_SANS, "", _REGULAR)
        self.add_font(_SANS, "B", _BOLD)
        self.set_title(printable(f"{content['title']} ({content['number']})"))
        self.set_lang(content["language"])
        self.set_creator("")
        self.set_producer("")

    # --- what stands on it

    def draw(self) -> None:
        report = self.report
        self.add_page()
        self._text(report["title"], size=_TITLE, style="B", after=4)
        for name, value in report["about"]:
            self._pair(name, value)
        self.ln(3)
        for sentence in report["lead"]:
            self._text(sentence, after=1.5)
        self._care(report["care"])
        if lost := self._lost():
            self._text(lost, after=2)
        if report["nothing"]:
            self._text(report["nothing"], style="B")
        for section in report["sections"]:
            if section["options"]:
                self._section(section)
        self._questions()
        self._heading(report["facts"]["title"])
        if report["facts"]["rows"]:
            self._table(report["facts"])
        else:
            self._text(report["facts"]["none"])
        self.ln(4)
        self._text(report["end"], size=_SMALL, color=_QUIET)

    def release(self) -> None:
        """Close the font files, which the library leaves open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def footer(self) -> None:
        """The report's number, its day and the page; called by the library."""
        self.set_y(-15)
        self._look(_SMALL, "", _QUIET)
        of = self.report["page"].format(number=self.page_no(), count=self.str_alias_nb_pages)
        self.cell(0, 5, printable(f"{self.report['foot']} · {of}"), align="C")

    def _lost(self) -> str:
        """A sentence about the letters that cannot be printed; blank when all can."""
        count = sum(printable(text).count(_REPLACEMENT) for text in texts(self.report))
        if not count:
            return ""
        message = ngettext(
            "%(count)d letter cannot be printed and stands here as %(sign)s. The HTML of this "
            "report shows it.",
            "%(count)d letters cannot be printed and stand here as %(sign)s. The HTML of this "
            "report shows them.",
            count,
        )
        return message % {"count": count, "sign": _REPLACEMENT}

    def _care(self, sentences: list[str]) -> None:
        self.ln(1)
        self._keep_together(40)
        self.set_fill_color(*_CARE_FILL)
        self._look(_BODY, "", _INK)
        top = self.get_y()
        self.set_x(_MARGIN + _INDENT)
        self.multi_cell(
            0,
            5.5,
            "\n".join(printable(sentence) for sentence in sentences),
            fill=True,
            padding=3,
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.set_fill_color(*_CARE_LINE)
        self.rect(_MARGIN + _INDENT - 1.2, top, 1.2, self.get_y() - top, style="F")
        self.ln(3)

    def _section(self, section: Content) -> None:
        self._heading(section["title"], with_next=70)
        for option in section["options"]:
            self._option(option)
        if section["more"]:
            self._text(section["more"], color=_QUIET)

    def _option(self, option: Content) -> None:
        self._keep_together(30)
        self._text(option["title"], size=_NAME, style="B", after=0.5)
        line = " · ".join(part for part in (option["number"], option["line"]) if part)
        self._text(f"{option['kind']} {line}", color=_QUIET, link=option["url"])
        for words, style in ((option["places"], ""), (option["begun"], "B")):
            if words:
                self._text(words, style=style)
        for group in option["groups"]:
            self._keep_together(14)
            self.ln(1)
            self._text(group["title"], style="B")
            for point in group["points"]:
                self._point(point)
        if option["table"]:
            self.ln(1.5)
            self._table(option["table"])
            self.ln(1)
        self._text(option["confirmed"], size=_SMALL, color=_QUIET, after=2)
        self.set_draw_color(*_RULE)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(4)

    def _questions(self) -> None:
        questions = self.report["questions"]
        if not questions["rows"]:
            return
        self._heading(questions["title"])
        self._text(questions["lead"], after=1)
        for question in questions["rows"]:
            self._point(question)

    # --- how it is drawn

    def _look(self, size: float, style: str, color: tuple[int, int, int]) -> None:
        self.set_font(_SANS, style, size)
        self.set_text_color(*color)

    def _text(
        self,
        text: str,
        *,
        size: float = _BODY,
        style: str = "",
        color: tuple[int, int, int] = _INK,
        after: float = 0.0,
        link: str = "",
    ) -> None:
        self._look(size, style, color)
        self.multi_cell(
            0,
            size * 0.5,
            printable(text),
            align="L",
            link=link,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.ln(after)

    def _heading(self, text: str, *, with_next: float = 35) -> None:
        self._keep_together(with_next)
        self.ln(4)
        self.set_draw_color(*_ACCENT)
        self.set_line_width(0.6)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.set_line_width(0.2)
        self.ln(3)
        self._text(text, size=_SECTION, style="B", after=3)

    def _pair(self, name: str, value: str) -> None:
        self._look(_BODY, "", _QUIET)
        self.cell(40, 5.5, printable(name))
        self._look(_BODY, "", _INK)
        self.multi_cell(0, 5.5, printable(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _point(self, text: str) -> None:
        self._look(_BODY, "", _INK)
        self.cell(_INDENT, 5, "•")
        self.multi_cell(0, 5, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _table(self, table: Content) -> None:
        self._look(_SMALL, "", _INK)
        self.set_draw_color(*_RULE)
        self.set_fill_color(255)  # cells are filled with what was last chosen
        with self.table(
            col_widths=_WIDTHS[len(table["heads"])],
            text_align="LEFT",
            line_height=4.5,
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="BOLD", color=_QUIET),
            padding=(0.8, 2, 0.8, 0),
        ) as drawn:
            for cells in (table["heads"], *table["rows"]):
                row = drawn.row()
                for cell in cells:
                    row.cell(printable(cell))

    def _keep_together(self, height: float) -> None:
        """Go on on the next page when less than `height` millimetres are left on this one."""
        if self.will_page_break(height):
            self.add_page()
