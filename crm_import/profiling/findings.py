"""What an operator should look at before importing, and what to do about it."""

from collections.abc import Iterator

from crm_import.profiling import dates as measured
from crm_import.profiling.dialects import OTHER
from crm_import.profiling.facts import Dates, Finding, Lookup, Option, Profile, TableFacts
from crm_import.profiling.zones import WALL_CLOCK
from crm_import.sources.encodings import UTF8

# Without these a row has no place: it goes into quarantine.
_ROUTING = ("contact_type", "product")
# Where a row that has no value may still find its place.
_ROUTES = {
    ("Contact", "contact_type"): "unless a Patient row points at them",
    ("EAPDossier", "product"): "until the CRM says which",
}


def of(profile: Profile) -> Iterator[Finding]:
    """All findings, warnings first."""
    found = [
        *_options(profile.options),
        *(finding for table in profile.tables for finding in _table(table, profile)),
    ]
    yield from sorted(found, key=lambda finding: finding.severity != "warning")


def _warning(code: str, table: str, field: str, rows: int, text: str) -> Finding:
    return Finding(code, "warning", table, field, rows, text)


def _info(code: str, table: str, field: str, rows: int, text: str) -> Finding:
    return Finding(code, "info", table, field, rows, text)


def _options(options: list[Option]) -> Iterator[Finding]:
    if options and not any(option.labels for option in options):
        rows = sum(option.rows for option in options if not option.mapped)
        yield _warning(
            *("no_labels", "", "", rows),
            "The export says of no option value what it means. Add OptionSets.csv or the "
            "metadata (docs/migration.md), or expect these rows in quarantine or without a value.",
        )
    unknown = [option for option in options if option.rows and not option.mapped]
    for name in dict.fromkeys(option.option_set for option in unknown):
        becomes = "go into quarantine" if name in _ROUTING else "are imported without it"
        several = [o for o in unknown if o.option_set == name and "," in o.value]
        single = [o for o in unknown if o.option_set == name and "," not in o.value]
        for code, found, text in (
            ("unmapped_option", single, "Nobody knows what these values mean"),
            ("multi_value", several, "Several values stand where one is expected"),
        ):
            if found:
                yield _warning(
                    *(code, "", name, sum(option.rows for option in found)),
                    f"{text}: {', '.join(map(_said, found))}. Their rows {becomes}. "
                    "Ask what they stand for.",
                )


def _said(option: Option) -> str:
    """100000009 "Verpleegkundige" (2)"""
    labels = f' "{"; ".join(dict.fromkeys(option.labels.values()))}"' if option.labels else ""
    return f"{option.value}{labels} ({option.rows:,})"


def _table(table: TableFacts, profile: Profile) -> Iterator[Finding]:
    name = table.name
    for reason, rows in table.unreadable.items():
        if reason == "nul_removed":
            text = "NUL characters were taken out of these records; the rest of them is read."
            yield _info(reason, name, "", rows, text)
        else:
            text = "These records cannot be read, and are kept as bytes. Look at the export there."
            yield _warning(reason, name, "", rows, text)
    yield from _ids(table)
    for lookup in table.lookups:
        if lookup.missing:
            yield _warning(
                *("missing_rows", name, lookup.column, lookup.missing),
                f"They point at rows of {lookup.target} that are not here: {_ids_said(lookup)}. "
                f"They wait for them; ask for a later or fuller export of {lookup.target}.",
            )
        if lookup.unusable:
            yield _warning(
                *("no_link", name, lookup.column, lookup.unusable),
                f"What stands here is no id of {lookup.target}, or a name of several rows. The "
                "link stays empty. Export look-ups with their ids.",
            )
    yield from _columns(table)
    for dates in table.dates:
        yield from _dates(table, dates, profile.zone)
    for file in table.files:
        if file.encoding not in ("", UTF8):
            text = f"{file.name} is written in {file.encoding}. Look at names with accents."
            yield _info("encoding", name, "", file.records, text)
    if table.deleted:
        text = "The export says that the CRM deleted these rows. Their records are deactivated."
        yield _info("deleted", name, "", table.deleted, text)


def _ids_said(lookup: Lookup) -> str:
    more = lookup.missing_ids - len(lookup.examples)
    return ", ".join(lookup.examples) + (f" and {more:,} more" if more else "")


def _ids(table: TableFacts) -> Iterator[Finding]:
    ids, name, key = table.ids, table.name, "id"
    if ids.unusable:
        text = "These rows have no usable id and go into quarantine. Ask for them again."
        yield _warning("bad_id", name, key, ids.unusable, text)
    if ids.conflicts:
        yield _warning(
            *("version_conflict", name, key, ids.conflicts),
            "Ids that come several times with different content under one version: all of their "
            "rows go into quarantine. Export the table once more.",
        )
    if ids.versions:
        text = "Ids that come in several versions: the newest counts, the others are kept."
        yield _info("versions", name, key, ids.versions, text)
    if ids.same:
        text = "Ids that come several times, with the same content. They count once."
        yield _info("exact_repeat", name, key, ids.same, text)


def _columns(table: TableFacts) -> Iterator[Finding]:
    name = table.name
    if table.missing:
        yield _info(
            *("missing_column", name, ", ".join(table.missing), table.rows),
            "The export does not have these columns. What they say stays unknown; export the "
            "table with all columns.",
        )
    unknown = [column for column in table.columns if not column.known and column.filled]
    if unknown:
        yield _info(
            *("unknown_column", name, ", ".join(column.name for column in unknown)),
            max(column.filled for column in unknown),
            "Nothing is known of these columns. They are kept beside each row and not imported.",
        )
    for column in table.columns:
        if column.huge:
            text = f"Text of more than 100 kB (up to {column.longest:,} bytes). It is loaded whole."
            yield _info("huge_text", name, column.name, column.huge, text)
        route = _ROUTES.get((name, column.name))
        if route and column.empty:
            text = f"These rows say nothing here and go into quarantine, {route}."
            yield _warning("routing_missing", name, column.name, column.empty, text)


def _dates(table: TableFacts, dates: Dates, zone: str) -> Iterator[Finding]:
    at = (table.name, dates.column)
    if dates.no_date:
        text = "What stands here is no date (or a time that summer time left out). It stays empty."
        yield _warning("no_date", *at, dates.no_date, text)
    if dates.sentinel:
        text = "Years that mean that there is no date (1753, 1900, 1970, 9999). They stay empty."
        yield _warning("placeholder_date", *at, dates.sentinel, text)
    if dates.far:
        text = "More than five years ahead: a slip of the pen. They stay empty; correct the CRM."
        yield _warning("implausible_date", *at, dates.far, text)
    if dates.came_twice:
        text = f"The end of summer time brought these twice in {zone}. The earlier one is taken."
        yield _warning("ambiguous_time", *at, dates.came_twice, text)
    if len(dates.dialects) > 1:
        ways = ", ".join(f"{way} ({rows:,})" for way, rows in dates.dialects.items())
        rows = sum(rows for way, rows in dates.dialects.items() if way != OTHER)
        yield _info("several_dialects", *at, rows, f"Written in several ways: {ways}.")
    if dates.days_local and not measured.holds_moments(dates):
        yield _info(
            *("local_midnight", *at, dates.days_local),
            f"Days that were stored as midnight in {zone}, which is 22:00 or 23:00 of the day "
            "before in UTC. They are read as the day that was meant.",
        )
    yield from _hours(table, dates, zone)


def _hours(table: TableFacts, dates: Dates, zone: str) -> Iterator[Finding]:
    at = (table.name, dates.column)
    for hours in dates.hours:
        if hours.reading == WALL_CLOCK:
            who = f"of {hours.creator} " if hours.creator else ""
            yield _warning(
                *("shifted_hours", *at, hours.rows),
                f"The hours {who}look like local time that was written as UTC: on average "
                f"{_clock(hours.mean_utc)} in UTC, {_clock(hours.mean_local)} in {zone}. Nothing "
                "is shifted. Ask who wrote them, and correct them in the CRM.",
            )
    if dates.hours and not table.creator and dates.column == "booking_date":
        yield _info(
            *("no_creator", *at, dates.usable),
            "The export does not say who made a row (createdby). With it, the shifted hours of "
            "one web form can be told from those of people.",
        )


def _clock(hours: float) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"
