"""Which rows of the archive a run has to look at again: those that the new ones can touch.

A run over all rows would come to the same end. Of most rows nothing can change, though: neither
they, nor anything they point at, nor anyone they could be taken for. What is left stands in
`crm_scope` (entity, row_id, legacy_id): the new rows, and around them

- every version of a row, all rows of the same record, and what they are linked with;
- rows that share an address, a licence, a trial or the number of a dossier with a new one, and
  those of the same name where the name is new. For these the evidence is as complete as in a run
  over everything (`crm_whole_email`, `crm_whole_name`); for others it was judged before.

It is everything (`crm_this.whole`) in a first run, when what values mean changed since the last
one, and when so much is new that looking for the rest would cost more than it saves.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

import hashlib
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from crm_import import standing
from crm_import.meanings import word_rows

# With more new rows than this share of the archive everything is looked at.
SMALL_SHARE = 0.2
# An archive of more rows of a table is worth statistics.
MANY = 1000

# What values mean, and what the portal's lists hold: a change may concern any row.
_MEANINGS = """
SELECT concat_ws('|', 'value', option_set, value, meaning, state) AS line
FROM crm_import_optionvalue
UNION ALL SELECT concat_ws('|', 'pair', first_id, second_id, decision) FROM crm_import_pairdecision
UNION ALL SELECT concat_ws('|', 'name', folded, condition_id) FROM patients_conditionname
UNION ALL SELECT concat_ws('|', 'condition', id, name) FROM patients_medicalcondition
UNION ALL SELECT concat_ws('|', 'product', id, name) FROM referrals_product
UNION ALL SELECT concat_ws('|', 'specialization', id, name) FROM patients_specialization
UNION ALL SELECT concat_ws('|', 'hospital', id) FROM patients_hospital
"""

_TABLES = """
CREATE TEMP TABLE crm_scope (entity varchar(20), row_id bigint, legacy_id uuid) ON COMMIT DROP;
CREATE TEMP TABLE crm_whole_email (email text) ON COMMIT DROP;
CREATE TEMP TABLE crm_whole_name (name_key text) ON COMMIT DROP
"""

_NARROWING = """
CREATE TEMP TABLE crm_front (entity varchar(20), row_id bigint, legacy_id uuid) ON COMMIT DROP;
CREATE TEMP TABLE crm_found (entity varchar(20), row_id bigint, legacy_id uuid) ON COMMIT DROP
"""

_MANY = """
UPDATE crm_this SET many = EXISTS (SELECT FROM crm_import_legacycontact OFFSET %s)
    OR EXISTS (SELECT FROM crm_import_legacypatient OFFSET %s)
    OR EXISTS (SELECT FROM crm_import_legacydossier OFFSET %s)
"""

_ARCHIVED = """
SELECT 'Contact' AS entity, id AS row_id, crm_guid(contactid) AS legacy_id, firstname, lastname,
    email, medical_condition FROM crm_import_legacycontact
UNION ALL SELECT 'Patient', id, crm_guid(patientid), firstname, lastname, email, medical_condition
FROM crm_import_legacypatient
"""

_NEW = """
SELECT 'Contact', a.id, crm_guid(a.contactid) FROM crm_import_legacycontact a
WHERE NOT EXISTS (SELECT FROM crm_import_rowoutcome o WHERE o.entity = 'Contact' AND o.row = a.id)
UNION ALL SELECT 'Patient', a.id, crm_guid(a.patientid) FROM crm_import_legacypatient a
WHERE NOT EXISTS (SELECT FROM crm_import_rowoutcome o WHERE o.entity = 'Patient' AND o.row = a.id)
UNION ALL SELECT 'EAPDossier', a.id, crm_guid(a.eap_dossier_id) FROM crm_import_legacydossier a
WHERE NOT EXISTS (
    SELECT FROM crm_import_rowoutcome o WHERE o.entity = 'EAPDossier' AND o.row = a.id)
"""

# Links that waited for a row that is here now. The lists are short: all of their rows are asked.
_WAITING = """
SELECT o.entity, o.row, o.legacy_id FROM crm_import_pendinglink l
JOIN crm_import_rowoutcome o ON o.entity = l.entity AND o.legacy_id = l.legacy_id
WHERE l.missing_id IN (
    SELECT legacy_id FROM crm_scope
    UNION ALL SELECT crm_guid(hospitalid) FROM crm_import_legacyhospital
    UNION ALL SELECT crm_guid(specializationid) FROM crm_import_legacyspecialization
    UNION ALL SELECT crm_guid(medicalconditionid) FROM crm_import_legacycondition)
"""

# What belongs to the rows of crm_front. Outcomes know the row of a legacy id, by an index.
_BELONGING = (
    # every version of a row
    """
    SELECT o.entity, o.row, o.legacy_id
    FROM crm_front s JOIN crm_import_rowoutcome o USING (entity, legacy_id)
    """,
    # all rows of one record, also when it was merged into another here
    """
    SELECT o.entity, o.row, o.legacy_id
    FROM crm_front s
    JOIN crm_import_crosswalk x ON x.legacy_id = s.legacy_id AND x.entity = s.entity
        AND x.target_model IN ('patients.patient', 'patients.specialist') AND x.slot = ''
    LEFT JOIN patients_mergedpatient m ON m.old_id = x.target_id
    LEFT JOIN patients_mergedpatient g ON g.survivor_id = coalesce(m.survivor_id, x.target_id)
    CROSS JOIN LATERAL (VALUES (x.target_id), (m.survivor_id), (g.old_id)) t (id)
    JOIN crm_import_crosswalk y ON y.target_id = t.id AND y.slot = ''
    JOIN crm_import_rowoutcome o ON o.legacy_id = y.legacy_id AND o.entity = y.entity
    """,
    # Contact and Patient rows that are linked, in both directions
    """
    SELECT o.entity, o.row, o.legacy_id
    FROM crm_front s JOIN crm_import_legacypatient a ON a.id = s.row_id
    JOIN crm_import_rowoutcome o
        ON o.legacy_id = crm_guid(a.contact_record) AND o.entity = 'Contact'
    WHERE s.entity = 'Patient'
    """,
    """
    SELECT 'Patient', a.id, crm_guid(a.patientid)
    FROM crm_front s JOIN crm_import_legacypatient a ON crm_guid(a.contact_record) = s.legacy_id
    WHERE s.entity = 'Contact'
    """,
    # Patient rows and their dossiers, in both directions
    """
    SELECT o.entity, o.row, o.legacy_id
    FROM crm_front s JOIN crm_import_legacydossier a ON a.id = s.row_id
    JOIN crm_import_rowoutcome o ON o.legacy_id = crm_guid(a.patient) AND o.entity = 'Patient'
    WHERE s.entity = 'EAPDossier'
    """,
    """
    SELECT 'EAPDossier', a.id, crm_guid(a.eap_dossier_id)
    FROM crm_front s JOIN crm_import_legacydossier a ON crm_guid(a.patient) = s.legacy_id
    WHERE s.entity = 'Patient'
    """,
    # dossiers of one number
    """
    SELECT 'EAPDossier', b.id, crm_guid(b.eap_dossier_id)
    FROM crm_front s JOIN crm_import_legacydossier a ON a.id = s.row_id
    JOIN crm_import_legacydossier b
        ON upper(regexp_replace(b.eap_number, '[^A-Za-z0-9]', '', 'g'))
            = upper(regexp_replace(a.eap_number, '[^A-Za-z0-9]', '', 'g'))
    WHERE s.entity = 'EAPDossier'
    """,
    # and of numbers that differ by zeros: all have the same digits but for these
    """
    SELECT 'EAPDossier', b.id, crm_guid(b.eap_dossier_id)
    FROM crm_front s JOIN crm_import_legacydossier a ON a.id = s.row_id
    JOIN crm_import_legacydossier b
        ON regexp_replace(b.eap_number, '[^1-9]', '', 'g')
            = regexp_replace(a.eap_number, '[^1-9]', '', 'g')
    WHERE s.entity = 'EAPDossier' AND a.eap_number <> b.eap_number
        AND crm_bare_number(a.eap_number) = crm_bare_number(b.eap_number)
    """,
)
# And whom a Patient row names as physician: what is known of them counts, not whom they are like.
_PHYSICIANS = """
    SELECT o.entity, o.row, o.legacy_id
    FROM crm_front s JOIN crm_import_legacypatient a ON a.id = s.row_id
    JOIN crm_import_rowoutcome o ON o.legacy_id = crm_guid(a.physician) AND o.entity = 'Contact'
    WHERE s.entity = 'Patient'
"""

# The key of a name, whatever the order of its parts, as sql/50_identity.sql makes it. OFFSET 0:
# each part is worked out once, instead of wherever it is used.
_NAMED = """(
    SELECT {0}.*, least(k.first, k.last) || ' ' || greatest(k.first, k.last) AS name_key
    FROM {0}
    CROSS JOIN LATERAL (
        SELECT crm_tidy({0}.firstname) AS first, crm_tidy({0}.lastname) AS last OFFSET 0) t
    CROSS JOIN LATERAL (SELECT crm_key(t.first) AS first, crm_key(t.last) AS last OFFSET 0) k
)"""
# The addresses in the field of a row, as sql/30_rows.sql reads them.
_EMAILS = """
    SELECT a.entity, a.row_id, a.legacy_id, a.firstname, a.lastname, a.email
    FROM {0} a WHERE a.email <> '' AND a.email !~ '[^!-@[-~]'
    UNION ALL
    SELECT a.entity, a.row_id, a.legacy_id, a.firstname, a.lastname, crm_address(m.match[1])
    FROM {0} a CROSS JOIN LATERAL regexp_matches(
        regexp_replace(lower(crm_tidy(a.email)), '\\s*@\\s*', '@', 'g'),
        '[^\\s;,<>()"|]+@[^\\s;,<>()"|]+', 'g') AS m (match)
    WHERE a.email ~ '[^!-@[-~]'
"""

# Of the rows in scope: their addresses and names, and the names that are new.
_KEYS = f"""
DROP TABLE IF EXISTS crm_scope_raw, crm_scope_row, crm_scope_address, crm_scope_email,
    crm_found_address, crm_same_email;
CREATE TEMP TABLE crm_scope_raw ON COMMIT DROP AS
SELECT a.* FROM crm_archived a JOIN crm_scope s USING (entity, row_id);
CREATE TEMP TABLE crm_scope_row ON COMMIT DROP AS
SELECT * FROM {_NAMED.format("crm_scope_raw")} n;
CREATE TEMP TABLE crm_scope_address ON COMMIT DROP AS {_EMAILS.format("crm_scope_raw")};
CREATE TEMP TABLE crm_scope_email ON COMMIT DROP AS
SELECT DISTINCT email, name_key FROM {_NAMED.format("crm_scope_address")} n;
TRUNCATE crm_whole_email;
INSERT INTO crm_whole_email SELECT DISTINCT email FROM crm_scope_email
"""
_FOUND = f"""
CREATE TEMP TABLE crm_found_address ON COMMIT DROP AS
SELECT * FROM ({_EMAILS.format("crm_archived")}) e
WHERE email IN (SELECT email FROM crm_whole_email);
CREATE TEMP TABLE crm_same_email ON COMMIT DROP AS
SELECT * FROM {_NAMED.format("crm_found_address")} n
"""

# Rows that make one person with a row in scope, were it not for what is known already.
_SAME = (
    """
    SELECT e.entity, e.row_id, e.legacy_id FROM crm_same_email e
    JOIN crm_scope_email k USING (email, name_key)
    """,
    """
    SELECT 'Contact', a.id, crm_guid(a.contactid) FROM crm_import_legacycontact a
    WHERE a.medical_license_number <> ''
        AND upper(regexp_replace(a.medical_license_number, '[^A-Za-z0-9]', '', 'g')) IN (
            SELECT upper(regexp_replace(b.medical_license_number, '[^A-Za-z0-9]', '', 'g'))
            FROM crm_scope s JOIN crm_import_legacycontact b ON b.id = s.row_id
            WHERE s.entity = 'Contact' AND b.medical_license_number <> '')
    """,
    # of one name, in one trial
    f"""
    SELECT o.entity, o.row_id, o.legacy_id
    FROM {_NAMED.format("crm_archived")} o
    JOIN crm_scope_row s ON s.entity = 'Patient' AND s.name_key = o.name_key
    JOIN crm_import_legacypatient a ON a.id = o.row_id AND a.trial_id <> ''
    JOIN crm_import_legacypatient b ON b.id = s.row_id AND b.trial_id <> ''
    WHERE o.entity = 'Patient'
        AND regexp_split_to_array(regexp_replace(upper(crm_tidy(a.trial_id)), '[ .]', '', 'g'),
            '[;,/|]+') && regexp_split_to_array(
            regexp_replace(upper(crm_tidy(b.trial_id)), '[ .]', '', 'g'), '[;,/|]+')
    """,
)

# Names that no row of the same legacy id was placed with: for them namesakes are looked for.
_NEW_NAMES = """
WITH placed AS (
    SELECT r.* FROM crm_scope_row r WHERE EXISTS (
        SELECT FROM crm_import_rowoutcome o WHERE o.entity = r.entity AND o.row = r.row_id
            AND o.outcome NOT IN ('quarantined', 'ignored'))
)
INSERT INTO crm_whole_name
SELECT DISTINCT n.name_key FROM crm_scope_row n
WHERE NOT EXISTS (SELECT FROM placed p WHERE p.entity = n.entity AND p.row_id = n.row_id)
    AND NOT EXISTS (
        SELECT FROM placed p WHERE p.entity = n.entity AND p.legacy_id = n.legacy_id
            AND p.name_key = n.name_key AND p.medical_condition = n.medical_condition)
"""
_SAME_EMAIL = "SELECT entity, row_id, legacy_id FROM crm_same_email"
_NAMESAKES = f"""
SELECT entity, row_id, legacy_id FROM {_NAMED.format("crm_archived")} n
WHERE name_key IN (SELECT name_key FROM crm_whole_name)
"""


class Reach(Enum):
    """How much a run looks at."""

    EVERYTHING = auto()
    SOME = auto()
    NOTHING = auto()


def meanings(cursor: Any, rules: int) -> str:
    """A fingerprint of what decides about rows beside the rows themselves."""
    cursor.execute(f"SELECT string_agg(line, chr(10) ORDER BY line) FROM ({_MEANINGS}) m")
    lists = cursor.fetchone()[0] or ""
    words = "\n".join("|".join(row) for row in word_rows())
    return hashlib.sha256(f"{rules}\n{lists}\n{words}".encode()).hexdigest()


def narrow(cursor: Any, *, whole: bool, is_new: bool) -> Reach:
    """Fill crm_scope, and tell how much there is to look at.

    `whole`: everything, whatever is new. `is_new`: some row of any table is new.
    """
    cursor.execute(_TABLES)
    cursor.execute(_MANY, [MANY] * 3)
    if whole:
        return Reach.EVERYTHING
    cursor.execute(_NARROWING)
    _add(cursor, [_NEW])
    cursor.execute(
        "SELECT (SELECT count(*) FROM crm_scope), (SELECT count(*) FROM crm_import_legacycontact)"
        " + (SELECT count(*) FROM crm_import_legacypatient)"
        " + (SELECT count(*) FROM crm_import_legacydossier)"
    )
    new, rows = cursor.fetchone()
    if new > SMALL_SHARE * rows:
        return Reach.EVERYTHING
    if not new and not is_new:
        return Reach.NOTHING
    cursor.execute(f"CREATE TEMP VIEW crm_archived AS {_ARCHIVED}")
    try:
        _surround(cursor)
    finally:
        cursor.execute("DROP VIEW crm_archived")
    return Reach.SOME


def analyze(cursor: Any, tables: str) -> None:
    """Tell the planner about the tables, unless the archive has few rows: then no plan is bad."""
    if has_many(cursor):
        cursor.execute(f"ANALYZE {tables}")


def has_many(cursor: Any) -> bool:
    """Whether the archive has so many rows that the planner has to be told about them."""
    cursor.execute("SELECT many FROM crm_this")
    return bool(cursor.fetchone()[0])


def size(cursor: Any) -> int:
    """How many rows crm_scope has."""
    cursor.execute("SELECT count(*) FROM crm_scope")
    return int(cursor.fetchone()[0])


def _surround(cursor: Any) -> None:
    _add(cursor, [_WAITING])
    _begin_with_all(cursor)
    _close(cursor, _BELONGING)
    while True:
        cursor.execute(_KEYS)
        analyze(cursor, "crm_scope_row, crm_scope_email, crm_whole_email")
        cursor.execute(_FOUND)
        if not _add(cursor, _SAME):
            break
        _close(cursor, _BELONGING)
    cursor.execute(_NEW_NAMES)
    _begin_with_all(cursor)
    _add(cursor, [_PHYSICIANS, _SAME_EMAIL, _NAMESAKES])
    _close(cursor, (*_BELONGING, _PHYSICIANS))
    analyze(cursor, "crm_scope, crm_whole_email, crm_whole_name")


def _begin_with_all(cursor: Any) -> None:
    cursor.execute("TRUNCATE crm_front; INSERT INTO crm_front SELECT * FROM crm_scope")
    analyze(cursor, "crm_front")


def _close(cursor: Any, queries: Sequence[str]) -> None:
    """Add what belongs to the rows of crm_front, and what belongs to that, until nothing does."""
    while _add(cursor, queries):
        pass


def _add(cursor: Any, queries: Sequence[str]) -> int:
    """Add what the queries find. Returns how many rows are new; crm_front holds them afterwards.

    Rows that a rollback took back are no part of anything.
    """
    cursor.execute("TRUNCATE crm_found")
    for query in queries:
        cursor.execute(f"INSERT INTO crm_found (entity, row_id, legacy_id) {query}")
    cursor.execute("TRUNCATE crm_front")
    cursor.execute(
        "INSERT INTO crm_front (entity, row_id, legacy_id) "
        "SELECT DISTINCT ON (entity, row_id) entity, row_id, legacy_id FROM crm_found f "
        "WHERE entity IN ('Contact', 'Patient', 'EAPDossier') AND NOT EXISTS ("
        "SELECT FROM crm_scope s WHERE s.entity = f.entity AND s.row_id = f.row_id) "
        f"AND {standing.counts('f.entity', 'f.row_id')}"
    )
    added = int(cursor.rowcount)
    cursor.execute("INSERT INTO crm_scope SELECT * FROM crm_front")
    if added:
        analyze(cursor, "crm_front")
    return added
