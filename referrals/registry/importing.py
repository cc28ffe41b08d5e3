"""Bringing the catalogue into line with what a registry published: one transaction, set-based.

The same records again change nothing. A record that cannot be used is set aside, whole and with
the reason. Who or what made a change, and from which file, stands in the history of each row.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.core.errors import PortalError
from portal.core.history import acting
from portal.core.models import User
from referrals import reassessing
from referrals.eligibility import Offer
from referrals.models import (
    ClinicalTrial,
    CTReferral,
    ExpandedAccessProgram,
    Product,
    RegistryRecord,
    SetAsideRecord,
    TrialSite,
    UnplacedCondition,
)
from referrals.models.catalogue import NO_LONGER_RECRUITING
from referrals.models.described import Described
from referrals.models.programs import EAPNumberKey
from referrals.registry import comparing, placing
from referrals.registry.meanings import Kind, Meaning, meaning, site_key
from referrals.registry.sources import WHOLE_FILE, find
from referrals.registry.studies import Found, Reason, Study, Unusable

BATCH = 200
LOCK = 0x7472_6961  # any number that no other advisory lock of ours has
OUTCOMES = ("new", "changed", "unchanged", "older", "repeated", "set_aside")
# Types of intervention that are a product somebody can be given.
_PRODUCTS = ("DRUG", "BIOLOGICAL", "GENETIC", "COMBINATION_PRODUCT", "DIETARY_SUPPLEMENT", "DEVICE")

T = TypeVar("T")


class Unreadable(PortalError):
    """There is no record of a registry in what was given. Nothing has been written."""

    code = "unreadable"


class Running(PortalError):
    """Another import of the catalogue is under way. Nothing has been written."""

    code = "running"


@dataclass(frozen=True, slots=True)
class Known:
    """A record that can be used, and where it was found."""

    meaning: Meaning
    found: Found


@dataclass(frozen=True, slots=True)
class Todo:
    """A record that is new or has changed: what it said before, and what it says by now."""

    meaning: Meaning
    found: Found
    record: RegistryRecord | None
    before: dict[str, Any]
    said: dict[str, Any]


@dataclass(slots=True)
class Result:
    """What an import did, or would do."""

    outcomes: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)
    set_aside: list[dict[str, str]] = field(default_factory=list)
    no_longer_recruiting: int = 0

    @property
    def records(self) -> int:
        return sum(self.outcomes.values())

    @property
    def report(self) -> dict[str, Any]:
        """Everything as JSON can hold it. It names no people."""
        return {
            "records": self.records,
            "outcomes": {name: self.outcomes[name] for name in OUTCOMES},
            "made": dict(self.made),
            "status": _ranked(self.statuses),
            "type": _ranked(self.types),
            "country": _ranked(self.countries),
            "unresolved_conditions": _ranked(self.unresolved),
            "ignored_conditions": self.ignored,
            "unknown_values": {name: _ranked(held) for name, held in sorted(self.unknown.items())},
            "kept_as_changed_here": self.kept,
            "referrals_no_longer_recruiting": self.no_longer_recruiting,
            "set_aside": self.set_aside,
        }


def run(*, path: Path, by: User | None, dry_run: bool = False) -> Result:
    """Import every record at `path`: a file, a folder or an archive.

    Raises Unreadable when there is no record in it, Running during another import, and OSError
    when it cannot be opened. With `dry_run` all of it is done and taken back.
    """
    with transaction.atomic(), acting(by=by, reason=f"trials_import {path.name}"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise Running(_("Another import is under way. Wait until it has ended."))
        result = _Run().through(find(path))
        transaction.set_rollback(dry_run)
    return result


@dataclass
class _Run:
    """One import: its counts, and what can only be done at the end."""

    result: Result = field(default_factory=Result)
    mentions: Counter[str] = field(default_factory=Counter)
    closed: list[UUID] = field(default_factory=list)
    # What we had already and is different now.
    moved: list[Offer] = field(default_factory=list)

    def through(self, records: Iterator[Found]) -> Result:
        placing.settle()
        was_read = False
        for batch in _batches(records, BATCH):
            was_read = was_read or any(found.place != WHOLE_FILE for found in batch)
            self._batch(batch)
        if not was_read:
            raise Unreadable(
                _(
                    "There is no study record of ClinicalTrials.gov in it. Give the JSON, CSV or "
                    "XML as it was downloaded, or a folder or archive of such files."
                )
            )
        self._place_conditions()
        reassessing.follow_offers(self.moved)
        self.result.no_longer_recruiting = (
            CTReferral.objects.no_longer_recruiting().filter(trial__in=self.closed).count()
        )
        return self.result

    # --- a batch ------------------------------------------------------------------------------

    def _batch(self, batch: Sequence[Found]) -> None:
        known = self._understood(batch)
        stored = RegistryRecord.objects.select_for_update(no_key=True)
        records = {one.registry_id: one for one in stored.filter(registry_id__in=list(known))}
        todo: dict[Kind, list[Todo]] = {Kind.TRIAL: [], Kind.PROGRAM: []}
        for number, one in known.items():
            self._count(one.meaning)
            record = records.get(number)
            if record is not None and comparing.is_older(record, one.meaning):
                self.result.outcomes["older"] += 1
                continue
            before = record.said if record is not None else {}
            said = comparing.said(before, one.meaning)
            if record is not None and said == before:
                self.result.outcomes["unchanged"] += 1
                continue
            kind = _kind(one.meaning, record)
            if record is not None and kind != _kind_of(record):
                self._put_aside([(one.found, Unusable(Reason.OTHER_KIND, number=number))])
                continue
            todo[kind].append(Todo(one.meaning, one.found, record, before, said))
        if todo[Kind.TRIAL]:
            self._trials(todo[Kind.TRIAL])
        if todo[Kind.PROGRAM]:
            self._programs(todo[Kind.PROGRAM])

    def _understood(self, batch: Iterable[Found]) -> dict[str, Known]:
        """The records that can be used, by number; of two of one number the better one."""
        known: dict[str, Known] = {}
        aside = []
        for found in batch:
            try:
                read = _meaning(found.result)
            except Unusable as error:
                aside.append((found, error))
                continue
            other = known.get(read.number)
            if other is not None:
                self.result.outcomes["repeated"] += 1
            if other is None or comparing.is_better(read, other.meaning):
                known[read.number] = Known(read, found)
        self._put_aside(aside)
        return known

    def _count(self, read: Meaning) -> None:
        result = self.result
        status = read.values.get("status") or read.values.get("availability")
        unknown = read.unknown.get("status") or read.unknown.get("availability")
        result.statuses[unknown[0] if unknown else str(status or "not said")] += 1
        result.types[read.study_type or "not said"] += 1
        result.countries.update(read.countries)
        for name, written in read.unknown.items():
            result.unknown.setdefault(name, Counter()).update(written)
        self.mentions.update(read.values.get("condition_texts", ()))

    def _put_aside(self, records: Sequence[tuple[Found, Unusable]]) -> None:
        """Keep what cannot be used, whole; what was kept before is not kept again."""
        if not records:
            return
        rows = []
        for found, why in records:
            content = "" if found.place == WHOLE_FILE else found.content().replace("\x00", "")
            key = "\n".join((why.reason, content or f"{found.source} {found.place}"))
            rows.append(
                SetAsideRecord(
                    source=found.source[:255],
                    place=found.place[:255],
                    registry_id=why.number[:50],
                    reason=why.reason,
                    detail=why.detail[:300],
                    content=content,
                    digest=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(),
                )
            )
            self.result.set_aside.append(
                {
                    "source": found.source,
                    "place": found.place,
                    "number": why.number,
                    "reason": why.reason.value,
                    "detail": why.detail,
                }
            )
        SetAsideRecord.objects.bulk_create(rows, ignore_conflicts=True)
        self.result.outcomes["set_aside"] += len(rows)

    # --- trials -------------------------------------------------------------------------------

    def _trials(self, todo: Sequence[Todo]) -> None:
        numbers = [one.meaning.number for one in todo]
        rows = {row.registry_id: row for row in _locked(ClinicalTrial, registry_id__in=numbers)}
        pairs: list[tuple[Todo, Any]] = []
        for one in todo:
            row: Any = rows.get(one.meaning.number)
            was_open = row is not None and row.status not in NO_LONGER_RECRUITING
            fresh = ClinicalTrial(registry="NCT", registry_id=one.meaning.number)
            pairs.append((one, self._changed(one, row, fresh)))
            if was_open and row.status in NO_LONGER_RECRUITING:
                self.closed.append(row.pk)
        self._save(ClinicalTrial, pairs)
        self._sites(pairs)

    def _changed(self, one: Todo, row: Any, fresh: Any) -> Any:
        """Our row with what the record changes, or a new one."""
        found = comparing.changes(row, one.before, one.said)
        changed = fresh if row is None else row
        for name, value in found.values.items():
            setattr(changed, name, value)
        changed.touched = set(found.values)
        if found.kept:
            self.result.kept[one.meaning.number] = found.kept
        self.result.outcomes["new" if row is None else "changed"] += 1
        return changed

    def _sites(self, pairs: Sequence[tuple[Todo, Any]]) -> None:
        wanted = [(one, row) for one, row in pairs if comparing.SITES in one.said]
        held: dict[UUID, dict[tuple[Any, ...], TrialSite]] = {row.pk: {} for _one, row in wanted}
        for site in TrialSite.objects.select_for_update(no_key=True).filter(trial__in=list(held)):
            held[site.trial_id][site_key(vars(site))] = site
        new, changed, gone = [], [], []
        for one, row in wanted:
            ours = held[row.pk]
            found = comparing.site_changes(
                one.before.get(comparing.SITES, ()), one.said[comparing.SITES], ours
            )
            new += [TrialSite(trial=row, **site) for site in found.new]
            gone += [ours[key].pk for key in found.gone]
            for key, values in found.changed:
                site = ours[key]
                for name, value in values.items():
                    setattr(site, name, value)
                changed.append(site)
        TrialSite.objects.bulk_create(new)
        _update(TrialSite, changed, ("status", "contacts", "unrecognised"))
        if gone:
            # A site that somebody was referred to stays, for that referral.
            TrialSite.objects.filter(pk__in=gone, referrals=None).delete()
        self.result.made["sites"] += len(new)

    # --- programs -----------------------------------------------------------------------------

    def _programs(self, todo: Sequence[Todo]) -> None:
        numbers = [one.meaning.number for one in todo]
        rows: dict[str, list[Any]] = {}
        same = Q(registry_id__in=numbers) | Q(key__in=numbers)
        for row in _locked(ExpandedAccessProgram, same, key=EAPNumberKey("eap_number")):
            number = row.registry_id if row.registry_id in numbers else row.key
            rows.setdefault(number, []).append(row)
        products = self._products([one for one in todo if one.meaning.number not in rows])
        pairs, aside = [], []
        for one in todo:
            number = one.meaning.number
            ours = rows.get(number, [])
            name = _product_name(one.said)
            if len(ours) > 1:
                aside.append((one.found, Unusable(Reason.AMBIGUOUS, number=number)))
            else:
                fresh = None
                if not ours:
                    fresh = ExpandedAccessProgram(eap_number=number, product=products.get(name))
                row = self._changed(one, ours[0] if ours else None, fresh)
                if not row.registry_id:
                    row.registry_id = number
                    row.touched.add("registry_id")
                pairs.append((one, row))
        self._put_aside(aside)
        self._save(ExpandedAccessProgram, pairs)

    def _products(self, todo: Sequence[Todo]) -> dict[str, Product]:
        """The product of each name that these records are about, made where there is none."""
        names = [name for one in todo if (name := _product_name(one.said))]
        rows: Any = Product.objects.raw(
            "SELECT p.id, p.name, t AS written FROM unnest(%s::text[]) t "
            "JOIN referrals_product p ON portal_fold_key(p.name) = portal_fold_key(t)",
            [names],
        )
        known = {row.written: row for row in rows}
        made: dict[str, Product] = {}
        for name in names:
            if name not in known:
                made.setdefault(name, Product(name=name))
        Product.objects.bulk_create(list(made.values()))
        self.result.made["products"] += len(made)
        return {**known, **made}

    # --- both ---------------------------------------------------------------------------------

    def _save(self, model: type[Described], pairs: Sequence[tuple[Todo, Any]]) -> None:
        """Write the rows, their links to conditions, and what the registry has said by now."""
        new = [row for _one, row in pairs if row._state.adding]
        self.moved += [row for _one, row in pairs if not row._state.adding]
        touched = set().union(*(row.touched for _one, row in pairs)) if pairs else set()
        changed = [row for _one, row in pairs if not row._state.adding and row.touched]
        model._default_manager.bulk_create(new)
        _update(model, changed, sorted(touched))
        self.result.made[str(model._meta.verbose_name_plural)] += len(new)
        texts = {
            text
            for one, _row in pairs
            for said in (one.before, one.said)
            for text in said.get("condition_texts", ())
        }
        resolved = placing.resolve(sorted(texts))
        links = {}
        for one, row in pairs:
            before = one.before.get("condition_texts", ())
            now = one.said.get("condition_texts", ())
            came = resolved.conditions_of(text for text in now if text not in before)
            went = resolved.conditions_of(before) - resolved.conditions_of(now)
            links[row.pk] = (came, went)
        placing.link(model, links)
        self._remember(model, pairs)

    def _remember(self, model: type[Described], pairs: Sequence[tuple[Todo, Any]]) -> None:
        name = "trial" if model is ClinicalTrial else "program"
        new, changed = [], []
        for one, row in pairs:
            record = one.record
            if record is None:
                record = RegistryRecord(registry_id=one.meaning.number, **{name: row})
                new.append(record)
            else:
                changed.append(record)
            record.source = one.found.source[:255]
            record.shape = one.meaning.shape
            record.said = one.said
        RegistryRecord.objects.bulk_create(new)
        _update(RegistryRecord, changed, ("source", "shape", "said"))

    def _place_conditions(self) -> None:
        resolved = placing.resolve(sorted(self.mentions))
        queued = placing.queue(self.mentions, resolved)
        for text, count in self.mentions.items():
            if text in resolved.conditions:
                continue
            one = queued[resolved.folded[text]]
            if one.state == UnplacedCondition.State.IGNORED:
                self.result.ignored += 1
            else:
                self.result.unresolved[one.name] += count


def _meaning(read: Study | Unusable) -> Meaning:
    """What a record means. Raises Unusable, also where reading it gave nothing."""
    if isinstance(read, Unusable):
        raise read
    return meaning(read)


def _kind(read: Meaning, record: RegistryRecord | None) -> Kind:
    """What a record is of; as before where it does not say, and a trial when nothing says."""
    if read.kind is not None:
        return read.kind
    return _kind_of(record) if record is not None else Kind.TRIAL


def _kind_of(record: RegistryRecord) -> Kind:
    return Kind.PROGRAM if record.trial_id is None else Kind.TRIAL


def _product_name(said: Mapping[str, Any]) -> str:
    """The name of the first product that a record of expanded access is about; blank for none."""
    given = said.get("interventions", ())
    known = [one for one in given if one["type"] in _PRODUCTS] or list(given)
    return str(known[0]["name"])[: Product._meta.get_field("name").max_length] if known else ""


def _locked(model: type[Described], *conditions: Q, **lookups: Any) -> Any:
    """Rows of the catalogue, locked for this transaction."""
    keys = {n: v for n, v in lookups.items() if isinstance(v, models.Func)}
    filters = {n: v for n, v in lookups.items() if n not in keys}
    rows: Any = model._default_manager.select_for_update(no_key=True, of=("self",))
    derived = [f.name for f in model._meta.fields if isinstance(f, models.GeneratedField)]
    found = rows.annotate(**keys).filter(*conditions, **filters)
    return found.defer(*derived).order_by("pk")


def _update(model: type[models.Model], rows: Sequence[Any], fields: Sequence[str]) -> None:
    """Write these fields of rows that exist, in one statement that is short however many."""
    if rows and fields:
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=fields
        )


def _batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch


def _ranked(counts: Counter[str]) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
