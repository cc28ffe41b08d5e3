"""What the codes of the migration mean, in sentences for somebody who decides about it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm_import import understanding

# The sections of a reconciliation: the key of its equations, a title, a sentence.
SECTIONS: tuple[tuple[str, Any, Any], ...] = (
    (
        "files",
        _("What came in"),
        _("Records that were counted in the files, and what of them is in the archive."),
    ),
    (
        "rows",
        _("What became of each row"),
        _("Rows of the archive, and their outcomes. Each row has exactly one."),
    ),
    (
        "ids",
        _("What became of each legacy id"),
        _("Different ids in the archive, and the records or reasons that stand for them."),
    ),
    (
        "targets",
        _("Records that legacy ids became"),
        _("Records that the ledger names, counted again in the portal's own tables."),
    ),
    (
        "made",
        _("Records that imports made"),
        _("Records that history says were imported, and whether a legacy id knows them."),
    ),
    (
        "columns",
        _("Cells"),
        _("Filled cells of the rows that count, and the field or the reason that each one has."),
    ),
    ("values", _("Values"), _("What the rows say, compared with what the records say now.")),
    ("links", _("Links"), _("Links between records, and between the lines of the ledger.")),
)

TERMS: Mapping[str, Any] = {
    "records": _("records in the files"),
    "loaded": _("in the archive"),
    "known": _("word for word there before"),
    "unreadable": _("unreadable, kept as bytes"),
    "erased": _("of people who were erased"),
    "imported": _("began a record"),
    "merged": _("went into a record with other rows"),
    "superseded": _("older versions"),
    "exact_repeat": _("the same again"),
    "quarantined": _("quarantined"),
    "ignored": _("passed over"),
    "taken_back": _("taken back by a rollback"),
    "ids": _("different ids"),
    "placed": _("became a record"),
    "parked": _("wait for their patient"),
    "in_crosswalk": _("in the ledger"),
    "there": _("in the portal"),
    "merged_here": _("merged here since"),
    "deleted_here": _("deleted here since"),
    "made": _("imported, says history"),
    "gone": _("gone since"),
    "filled": _("filled cells"),
    "in_a_field": _("in a field"),
    "placeholder": _("words that stand for nothing"),
    "note": _("in a note"),
    "form": _("on the form"),
    "archive_only": _("in the archive only"),
    "emptied_here": _("emptied here since"),
    "deleted_in_crm": _("deleted in the CRM"),
    "compared": _("compared"),
    "equal": _("equal"),
    "edited_here": _("edited here since"),
    "further_address": _("kept as a further address"),
    "links": _("links"),
    "enforced": _("held true by the database"),
    "held": _("lead somewhere"),
}

CODES: Mapping[str, Any] = {
    "ambiguous_time": _("A local time that came twice that night; the earlier one is used."),
    "back_in_crm": _("The CRM has a row again that it had deleted."),
    "bad_id": _("The row has no usable id, so nothing could ever find it again."),
    "both_roles": _("One contact was a physician and a patient at different times. Both are here."),
    "changed_in_crm": _("The CRM changed a field that the portal keeps as it is. Decide by hand."),
    "column_absent": _("The export lacks a column. What was known before stays."),
    "condition_conflict": _("Rows of one patient name different conditions."),
    "contradiction": _("Two fields of one row contradict each other."),
    "corrected": _("Somebody corrected the row; another one stands in its place."),
    "deleted_before_seen": _("Deleted in the CRM before it was ever imported."),
    "deleted_here": _("Somebody deleted the record here; imports leave it so."),
    "deleted_in_crm": _(
        "The CRM deleted the row. Its record is deactivated. Ask whether to erase."
    ),
    "dossier_conflict": _("One dossier number, but different patients, products or days."),
    "duplicate_proposed": _("Two rows of a list have one name; they may be the same."),
    "eap_date_conflict": _("Patient row and dossier name different days; the dossier's is used."),
    "eap_date_without_dossier": _("An enrolment day without a dossier; it is in a note."),
    "email_conflict": _("Contact and Patient row have different addresses; both are kept."),
    "email_invalid": _("What stands in the e-mail field is no address."),
    "email_not_kept": _("Another specialist has the address already."),
    "email_placeholder": _("The e-mail field says that there is none."),
    "encoding_repaired": _("Letters that were garbled by a wrong encoding were put right."),
    "erased": _("A row of somebody who was erased here."),
    "field_conflict": _("Rows disagree on a field; somebody decides under Field conflicts."),
    "implausible_date": _("A day more than five years ahead; it was left out."),
    "implausible_order": _("Days are in an order that cannot be."),
    "inactive": _("Inactive in the CRM; closed here."),
    "invalid_date": _("What stands in a date field is no date; it was left out."),
    "invalid_link": _("A link that is no id."),
    "large_cluster": _("More than six rows became one person. Look whether they are one."),
    "licence_shared": _("Two specialists have one licence number."),
    "long_text": _("A very long text, kept in full."),
    "looks_like_test": _("The name looks like a test entry."),
    "lossy_text": _("Letters were lost in the CRM and cannot be put right."),
    "multi_value": _("Several values where one is expected."),
    "name_split_proposed": _("All names stand in one field."),
    "no_csv": _("A record that is no proper CSV."),
    "no_name": _("The row names nobody."),
    "no_number": _("The dossier has no number."),
    "no_object": _("A record that is no object."),
    "no_patient": _("The dossier names no patient."),
    "no_show_future": _("A no-show of a call that is still ahead."),
    "no_show_without_booking": _("A no-show without a call."),
    "not_utf8": _("A record whose letters cannot be read."),
    "number_doubtful": _("A dossier's number differs from another's by zeros or “EAP” only."),
    "number_zeros_lost": _("A dossier's number has lost zeros; the whole number is used."),
    "nul_removed": _("A character that no text may have was taken out."),
    "overlapping_bookings": _("Two calls of one person at one time; the later form's stands."),
    "pending_link": _("A link to a row that has not come yet. Every import tries again."),
    "reminder_after_booking": _("A reminder after its call."),
    "reminder_without_booking": _("A reminder without a call."),
    "role_mailbox": _("An address that many people share; it proves nothing."),
    "role_mismatch": _("A physician's row has a field that only patients have."),
    "routed_by_patient_row": _("The kind of contact was missing; a Patient row told it."),
    "routing_missing": _("The kind of contact is missing: patient, physician or pharmacist?"),
    "routing_unmapped": _("The kind of contact is none that the portal knows."),
    "rule_1": _("Converted without a call that reached the person."),
    "rule_2": _("Referred without a physician who has a hospital."),
    "rule_3": _("The CRM recorded no consent."),
    "rule_4": _("Ineligible without a coded reason."),
    "rule_6": _("Something open of somebody who is closed."),
    "rule_7": _("Something was added to somebody whose data may not be changed."),
    "sentinel_date": _("A day that stands for none, such as 1900-01-01; it was left out."),
    "shared_by_trials": _("One row names several trials; they share its other fields."),
    "specialist_proposed": _("The kind of contact is missing; the row looks like a specialist's."),
    "suspect_link": _("Contact and Patient row are linked but seem to be two people."),
    "test_record": _("Somebody approved that rows of this invented name are left out."),
    "too_few_cells": _("A record with too few cells."),
    "too_long": _("A text that is longer than its field. Nothing is cut off."),
    "too_many_cells": _("A record with too many cells."),
    "torn_cluster": _("Half a name joined two people; they were kept apart."),
    "trial_malformed": _("A trial number that is none."),
    "trial_text": _("Words in place of a trial number; they are in a note."),
    "two_emails": _("Two addresses in one field; both are kept."),
    "unmapped": _("A value that the portal does not know; it is kept and shown."),
    "unmapped_product": _("A product that the portal does not know."),
    "unterminated_quote": _("A quotation mark that never ends."),
    "version_conflict": _("One version of a row says two different things."),
    "waived": _("Somebody left the row out, and said why."),
    "wrong_role_target": _("A link to a physician leads to somebody who is none."),
}


def term(name: str) -> str:
    """One side's term in words: `told:pending_link` is the problem that says why."""
    kind, _colon, code = name.partition(":")
    if kind == "told" and code:
        return f"{_('told as a problem')}: {code.replace('_', ' ')}"
    if kind == "held" and code:
        outcome = "quarantined" if code in understanding.REASONS else "ignored"
        return f"{TERMS[outcome]}: {code.replace('_', ' ')}"
    return str(TERMS.get(name, name))


def sentence(code: str) -> str:
    """What a code means; blank for one without words."""
    return str(CODES.get(code, ""))
