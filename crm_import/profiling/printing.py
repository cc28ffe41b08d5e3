"""A profile as text, for a terminal of 100 columns."""

from collections.abc import Iterator
from textwrap import wrap

from crm_import.profiling.facts import Column, Dates, Finding, Option, Profile, TableFacts
from crm_import.profiling.zones import INSTANTS, WALL_CLOCK

_WIDTH = 100
_READINGS = {
    INSTANTS: "the same local hours in summer and winter: real instants",
    WALL_CLOCK: "the same hours in UTC in summer and winter: local time written as UTC?",
}


def lines(profile: Profile) -> Iterator[str]:
    """The lines of the text."""
    delta = " Only what changed." if profile.is_delta else ""
    yield f"{profile.name}: {profile.kind}. {profile.why}.{delta}"
    if profile.ignored:
        yield from wrap(f"Not read: {', '.join(profile.ignored)}.", _WIDTH)
    yield ""
    yield from _tables(profile.tables)
    for table in profile.tables:
        yield from _columns(table)
    yield from _dates(profile)
    yield from _lookups(profile.tables)
    yield from _options(profile.options)
    yield from _findings(profile.findings)


def _tables(tables: list[TableFacts]) -> Iterator[str]:
    yield (
        f"{'table':<18}{'files':>7}{'rows':>12}{'ids':>12}{'repeated':>10}{'deleted':>9}"
        f"{'unreadable':>12}  encoding"
    )
    for table in tables:
        ids = table.ids
        repeated = ids.same + ids.versions + ids.conflicts
        unreadable = sum(table.unreadable.values()) - table.unreadable.get("nul_removed", 0)
        encodings = sorted({file.encoding for file in table.files} - {""})
        yield (
            f"{table.name:<18}{len(table.files):>7,}{table.rows:>12,}{ids.distinct:>12,}"
            f"{repeated:>10,}{table.deleted:>9,}{unreadable:>12,}  {', '.join(encodings)}"
        ).rstrip()


def _columns(table: TableFacts) -> Iterator[str]:
    if not table.rows:
        return
    yield ""
    yield f"{table.name:<30}{'filled':>10}{'empty':>10}{'distinct':>10}  most frequent"
    for column in table.columns:
        name = column.name if column.known else f"{column.name} (unknown)"
        counts = f"{column.filled:>10,}{column.empty:>10,}{column.distinct:>10,}"
        yield f"  {_cut(name, 28):<28}{counts}  {_top(column)}".rstrip()
    for name in table.missing:
        yield f"  {name:<28}{'not in the export':>30}"


def _top(column: Column) -> str:
    said = ""
    for value, rows in column.top:
        if rows * 100 < column.filled:
            break  # so few say nothing
        one = f"{_cut(' '.join(value.split()), 24)} {rows:,}"
        if said and len(said) + len(one) + 3 > _WIDTH - 62:
            break
        said = f"{said} · {one}" if said else one
    return said


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _dates(profile: Profile) -> Iterator[str]:
    found = [(table, dates) for table in profile.tables for dates in table.dates]
    if not any(dates.dialects for _table, dates in found):
        return
    yield ""
    yield f"{'dates':<30}{'usable':>10}{'others':>10}  {'from':<12}{'to':<12}written as"
    for table, dates in found:
        if dates.dialects:
            others = dates.no_date + dates.sentinel + dates.far
            name = _cut(f"{table.name}.{dates.column}", 30)
            order = f" ({dates.order})" if dates.order else ""
            first = next(iter(dates.dialects))
            more = f" + {len(dates.dialects) - 1} more" if len(dates.dialects) > 1 else ""
            yield (
                f"{name:<30}{dates.usable:>10,}{others:>10,}  {dates.earliest:<12}"
                f"{dates.latest:<12}{first}{order}{more}"
            )
            yield from _zone(dates)


def _zone(dates: Dates) -> Iterator[str]:
    if dates.column == "booking_date" and dates.hours and dates.hours[0].reading:
        yield f"  {_READINGS[dates.hours[0].reading]}"


def _lookups(tables: list[TableFacts]) -> Iterator[str]:
    found = [(table, lookup) for table in tables for lookup in table.lookups if lookup.filled]
    if not found:
        return
    yield ""
    yield f"{'look-ups':<48}{'filled':>10}{'not here':>10}{'no id':>10}"
    for table, lookup in found:
        name = f"{table.name}.{lookup.column} → {lookup.target}"
        yield f"{name:<48}{lookup.filled:>10,}{lookup.missing:>10,}{lookup.unusable:>10,}"


def _options(options: list[Option]) -> Iterator[str]:
    if not options:
        return
    yield ""
    yield f"{'option values':<32}{'rows':>10}  labels → meaning"
    before = ""
    for option in options:
        name = option.option_set if option.option_set != before else ""
        before = option.option_set
        labels = ", ".join(dict.fromkeys(option.labels.values()))
        meaning = option.meaning if option.mapped else "NOBODY KNOWS"
        said = f"{_cut(labels, 30)} → {meaning}" if labels else f"→ {meaning}"
        yield f"{name:<20}{_cut(option.value, 11):<12}{option.rows:>10,}  {said}"


def _findings(findings: list[Finding]) -> Iterator[str]:
    for severity, heading in (("warning", "Look at"), ("info", "Good to know")):
        found = [finding for finding in findings if finding.severity == severity]
        if found:
            yield ""
            yield f"{heading} ({len(found)})"
        for finding in found:
            where = ".".join(filter(None, (finding.table, finding.field))) or "options"
            said = f"{where}: {finding.rows:,} × {finding.code}. {finding.text}"
            yield from wrap(
                said,
                _WIDTH,
                initial_indent="- ",
                subsequent_indent="  ",
                break_on_hyphens=False,
                break_long_words=False,
            )
    if not findings:
        yield ""
        yield "Nothing odd was found."
