"""Deciding what a value of an option set of the CRM means here, or that it means nothing.

Only what is approved takes effect. Known words are approved by the rule; of the others the import
proposes something or nothing, and a person decides. A decision takes effect in a run of its own,
on the rows concerned: rows that were in quarantine because of the value are tried again, and
records whose field was left open by it are filled in (`crm_import.settling`).

What a contact is, and what a dossier is for, decides which records a row becomes. Once rows have
become records, that is changed by taking the run back, not here.

A name that looks invented is decided on in the same way, also before any row has it: approved, its
rows are left out unless they became records. Until then they are imported like all others.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_import import standing
from crm_import.meanings import INVENTED, TEST_RECORD, WORDS, invented_name
from crm_import.models import (
    ASKED_ABOUT,
    ImportRun,
    LegacyContact,
    LegacyDossier,
    OptionValue,
    RowOutcome,
)
from crm_import.transform import Renamed
from patients.models import ConditionName, MedicalCondition
from portal.core.errors import Refused, StaleVersion
from portal.core.models import User
from portal.core.search import Fold, words
from referrals.models import Product

State = OptionValue.State

# Values that decide which records a row becomes, with the column that has them.
ROUTING = {"contact_type": (LegacyContact, "Contact"), "product": (LegacyDossier, "EAPDossier")}
_RECORDS: Mapping[str, Any] = {"medical_condition": MedicalCondition, "product": Product}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody says that a value means; a blank meaning says that it means nothing.

    `version` is that of the value that was looked at, None when nobody looked.
    """

    option_set: str
    value: str
    meaning: str
    version: int | None = None


def meanings(option_set: str) -> Sequence[tuple[str, str]]:
    """What values of this option set can mean: what is stored, and how people call it."""
    if option_set in WORDS:
        return [(word, word.replace("_", " ")) for word in WORDS[option_set]]
    if option_set == INVENTED:
        return [(TEST_RECORD, TEST_RECORD.replace("_", " "))]
    records = _RECORDS.get(option_set)
    if records is None:
        return []
    named = records._default_manager.order_by("name").values_list("pk", "name")
    return [(str(key), name) for key, name in named]


def in_words(option_set: str, meaning: str) -> str:
    """A stored meaning as people call it; the stored one when the record is gone."""
    if not meaning or option_set not in _RECORDS:
        return meaning.replace("_", " ")
    records = _RECORDS[option_set]._default_manager
    name = records.filter(pk=meaning).values_list("name", flat=True).first()
    return str(name or meaning)


def known_word(option_set: str, cell: str) -> str:
    """The stored meaning of a cell that is a word, by the rule; blank for a word of nobody's."""
    folded = " ".join(words(cell))
    if option_set in WORDS:
        return next((to for to, said in WORDS[option_set].items() if folded in said), "")
    if option_set == "medical_condition":
        names = ConditionName.objects.filter(folded=folded)
        return str(names.values_list("condition", flat=True).first() or "")
    products = Product.objects.alias(folded=Fold("name")).filter(folded=folded)
    return str(products.values_list("pk", flat=True).first() or "")


def meaning_of(option_set: str, said: str) -> str | None:
    """The stored meaning that somebody names as it is stored or as people call it; else None."""
    wanted = " ".join(said.split()).casefold()
    for stored, name in meanings(option_set):
        if wanted in (stored.casefold(), name.casefold()):
            return stored
    return None


def stands(verdict: Verdict) -> bool:
    """Whether that was decided already."""
    state = State.APPROVED if verdict.meaning else State.REJECTED
    return OptionValue.objects.filter(
        option_set=verdict.option_set,
        value=verdict.value,
        state=state,
        meaning=verdict.meaning,
    ).exists()


def demand(verdict: Verdict) -> OptionValue:
    """The value as it is today. Raises Refused when this cannot be decided about it."""
    found = OptionValue.objects.filter(
        option_set=verdict.option_set, value=verdict.value, option_set__in=ASKED_ABOUT
    ).first()
    if found is None and verdict.option_set == INVENTED:
        found = _foreseen(verdict.value)
    if found is None:
        raise Refused(_("There is no such value. Read the list again."), code="no_such_value")
    if verdict.version is not None and verdict.version != found.version:
        raise StaleVersion(expected=verdict.version, actual=found.version)
    if verdict.meaning and verdict.meaning not in dict(meanings(verdict.option_set)):
        raise Refused(
            _("That is no meaning of this option set. Choose one of the list."),
            code="no_such_meaning",
        )
    is_placed = found.state == State.APPROVED and found.option_set in ROUTING and _placed(found)
    if is_placed and found.meaning != verdict.meaning:
        raise Refused(
            _(
                "Rows with this value have become records. Take back the run that made them "
                "(crm_rollback), change the meaning, and import again."
            ),
            code="rows_placed",
        )
    if found.option_set == INVENTED and not verdict.meaning and _left_out(found.value):
        raise Refused(
            _(
                "Rows of this name were left out. Take back the run that did it (crm_rollback), "
                "change the decision, and import again."
            ),
            code="rows_left_out",
        )
    return found


def apply(verdict: Verdict, *, run: ImportRun, by: User) -> Renamed:
    """Write the decision down; what it changes is for the run around it. Raises Refused."""
    list(
        OptionValue.objects.select_for_update(of=("self",)).filter(
            option_set=verdict.option_set, value=verdict.value
        )
    )
    value = demand(verdict)
    was = value.meaning if value.state == State.APPROVED else ""
    value.state = State.APPROVED if verdict.meaning else State.REJECTED
    value.meaning = verdict.meaning
    value.decided_at, value.decided_by = timezone.now(), by
    if value._state.adding:
        value.run = run
        value.save()
    else:
        value.save(update_fields=("state", "meaning", "decided_at", "decided_by"))
    return Renamed(value.option_set, value.value, was)


def _placed(value: OptionValue) -> bool:
    """Whether a row with this value has become a record."""
    model, entity = ROUTING[value.option_set]
    rows = model._default_manager.filter(**{value.option_set: value.value}).values("pk")
    outcomes = (RowOutcome.Outcome.IMPORTED, RowOutcome.Outcome.MERGED)
    placed = RowOutcome.objects.filter(entity=entity, row__in=rows, outcome__in=outcomes)
    return placed.exists()


def _foreseen(value: str) -> OptionValue | None:
    """A name that looks invented and that no row has yet, unsaved; None for another name."""
    if invented_name(value.split()) != value or not value:
        return None
    return OptionValue(option_set=INVENTED, value=value, labels=[], meaning=TEST_RECORD)


def _left_out(name: str) -> bool:
    """Whether a row of this invented name was left out for it, and still is."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT EXISTS (
                SELECT FROM crm_import_rowoutcome o JOIN (
                    SELECT 'Contact' AS entity, id, firstname, lastname
                    FROM crm_import_legacycontact
                    UNION ALL SELECT 'Patient', id, firstname, lastname
                    FROM crm_import_legacypatient
                ) a ON a.entity = o.entity AND a.id = o.row
                CROSS JOIN LATERAL (SELECT crm_key(crm_tidy(a.firstname)) AS first,
                    crm_key(crm_tidy(a.lastname)) AS last) k
                WHERE o.outcome = 'ignored' AND o.reason = %s
                    AND btrim(least(k.first, k.last) || ' ' || greatest(k.first, k.last)) = %s
                    AND {standing.counts("o.entity", "o.row")})
            """,
            [TEST_RECORD, name],
        )
        (found,) = cursor.fetchone()
    return bool(found)
