"""The functions with which the migration reads text: ids, instants, days, names, addresses."""

from typing import Any

from django.db import migrations

from crm_import.migrations._folded import FOLDED

# "Can this text be cast to that type?" PostgreSQL 16 can say it without an exception.
VALID_NATIVE = """
CREATE FUNCTION crm_valid(value text, type text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE RETURN pg_input_is_valid(value, type);
"""
VALID_SPELLED_OUT = """
CREATE FUNCTION crm_valid(value text, type text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    IF value IS NULL THEN RETURN NULL; END IF;
    EXECUTE 'SELECT $1::' || type USING value;
    RETURN true;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END
$function$;
"""

# PostgreSQL builds a regular expression's automaton anew for each value, so that a shape told with
# translate() and left() costs a third of one told with `~`: what nearly every cell looks like goes
# the short way.
FUNCTIONS = r"""
-- A GUID, with or without braces, dashes and capitals. Null for anything else, and for the nil id.
CREATE FUNCTION crm_guid(value text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value = '' THEN NULL
    WHEN crm_valid(value, 'uuid')
        THEN nullif(value::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    WHEN crm_valid(btrim(value), 'uuid')
        THEN nullif(btrim(value)::uuid, '00000000-0000-0000-0000-000000000000'::uuid) END;

-- An instant written in the ISO way. Without an offset it is UTC. Null for anything else: the
-- shape is asked first, because the cast takes "now", "tomorrow" and "infinity".
CREATE FUNCTION crm_instant(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value = '' THEN NULL
    WHEN (translate(left(value, 12), '123456789', '000000000') = '0000-00-00T0'
            OR value ~ '^\s*[0-9]{4}-[0-9][0-9]-[0-9][0-9]([T ][0-9]|\s*$)')
        AND crm_valid(value, 'timestamptz') THEN value::timestamptz END;

-- The instants that old systems write when they mean "no date".
CREATE FUNCTION crm_is_sentinel(value timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN value < timestamptz '1901-01-01 00:00+00' OR value = timestamptz '1970-01-01 00:00+00'
    OR value >= timestamptz '9999-12-01 00:00+00';

-- The day that an instant of a date column means. Such columns hold 00:00Z, or the UTC instant of
-- midnight in Amsterdam (22:00Z or 23:00Z of the day before).
CREATE FUNCTION crm_day(value timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN (value AT TIME ZONE 'Europe/Amsterdam')::date;

-- A day as an instant. Noon UTC is the same day nearly everywhere, so no screen shows another one.
CREATE FUNCTION crm_noon(value date) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (value + time '12:00') AT TIME ZONE 'UTC';

-- UTF-8 that was read as Windows-1252 or Latin-1, up to twice, put right. Strict: a text of which
-- any part does not fit comes back unchanged.
CREATE FUNCTION crm_repaired(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $function$
DECLARE
    best text := value;
BEGIN
    FOR turn IN 1 .. 2 LOOP
        EXIT WHEN best !~ E'[\u00c2-\u00ef][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]';
        BEGIN
            best := convert_from(convert_to(best, 'WIN1252'), 'UTF8');
        EXCEPTION WHEN OTHERS THEN
            BEGIN
                best := convert_from(convert_to(best, 'LATIN1'), 'UTF8');
            EXCEPTION WHEN OTHERS THEN
                EXIT;
            END;
        END;
    END LOOP;
    RETURN best;
END
$function$;

-- A name or a line of text for people: repaired, composed (NFC), no control or zero-width
-- characters, single blanks. Null becomes ''. Plain text takes the short way.
CREATE FUNCTION crm_tidy(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL THEN ''
    WHEN value ~ '^[!-~]+( [!-~]+)*$' THEN value
    ELSE btrim(regexp_replace(regexp_replace(
        normalize(CASE WHEN value ~ E'[\u00c2-\u00ef][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]'
            THEN crm_repaired(value) ELSE value END, NFC),
        E'[\u0001-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]',
        '', 'g'),
        E'[\\s\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g'))
    END;

-- What two spellings of one name have in common. Blanks and punctuation do not count.
CREATE FUNCTION crm_key(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^[A-Za-z]*$' THEN lower(value) ELSE translate(
    CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE portal_fold(value) END,
    E' \t\n!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~’‘ʼ´\u00a0\u2007\u202f\u200b\ufeff–—', '') END;

-- The part of an e-mail field between separators: no mailto:, brackets, blanks, final dots.
CREATE FUNCTION crm_address(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(regexp_replace(lower(crm_tidy(value)), '^mailto:|[ <>]', '', 'g'), '.,;:''"()');

-- Whether a key (crm_key) says "nothing here": no letter or digit at all, zeros, or one of the
-- words that people type into a field they must fill in. The one list of such words.
CREATE FUNCTION crm_blank(key text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(key) <= 12 AND (key ~ '^0*$' OR key IN ('na', 'none', 'x', 'xx', 'xxx', 'unknown',
    'onbekend', 'unbekannt', 'inconnu', 'desconocido', 'geen', 'kein', 'keine', 'nomail', 'noemail',
    'nvt', 'null', 'tbd', 'tba'));

-- A yes or no of an export, which may be a label; null for a word that is neither.
CREATE FUNCTION crm_flag(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN lower(btrim(value)) IN ('true', '1', 'yes', 'ja', 'oui', 'si') THEN true
    WHEN lower(btrim(value)) IN ('false', '0', 'no', 'nee', 'nein', 'non') THEN false END;

-- Whether a row was deactivated (statecode); null for a word that says neither.
CREATE FUNCTION crm_inactive(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN coalesce(value, '') IN ('0', '') THEN false
    WHEN lower(btrim(value)) IN ('1', 'inactive', 'inactief', 'inaktiv', 'inactif', 'inactivo')
        THEN true
    WHEN lower(btrim(value)) IN ('0', '', 'active', 'actief', 'aktiv', 'actif', 'activo')
        THEN false END;

-- Whether an address is one of those that people invent because they have none.
CREATE FUNCTION crm_no_email(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(value ~ '^(no-?e?mail|geen|none|unknown|onbekend)@|^test@test\.', false);

-- A usable address as it is, else null: no blanks or separators, dots only between characters,
-- labels (L) that neither begin nor end with a hyphen, and not longer than RFC 5321 allows.
CREATE FUNCTION crm_email(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) <= 254 AND NOT crm_no_email(value)
    AND value ~ replace(replace('^W+(\.W+)*@(L(-*L)*\.)+(?![0-9])L(-*L)+$',
        'W', '[^][\s@.,;:<>()"|\\]'), 'L', '[^][\s@.,;:<>()"|\\-]') THEN value END;

-- A row of a list (conditions, hospitals, ...): its name, '' when it says nothing, and what the
-- export has of its system columns.
CREATE FUNCTION crm_list_row(raw text, extra jsonb, OUT name text, OUT version bigint,
    OUT modified timestamptz) LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN crm_blank(crm_key(raw)) THEN '' ELSE crm_tidy(raw) END,
        max(CASE WHEN x.value ~ '^[0-9]{1,18}$' THEN x.value::bigint END)
            FILTER (WHERE lower(x.key) = 'versionnumber'),
        max(crm_instant(x.value)) FILTER (WHERE lower(x.key) = 'modifiedon')
    FROM jsonb_each_text(coalesce(extra, '{}')) x;
END;

-- Whether two folded words are one insertion, deletion, replacement or swap of neighbours apart.
CREATE FUNCTION crm_one_apart(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN a <> b AND abs(length(a) - length(b)) <= 1 AND EXISTS (
    SELECT FROM generate_series(0, greatest(length(a), length(b)) - 1) AS at
    WHERE left(a, at) = left(b, at) AND (
        substr(a, at + 2) = substr(b, at + 2)
        OR substr(a, at + 2) = substr(b, at + 1)
        OR substr(a, at + 1) = substr(b, at + 2)
        OR (substr(a, at + 3) = substr(b, at + 3)
            AND substr(a, at + 1, 2) = reverse(substr(b, at + 1, 2)))));

-- Whether two people of folded names look like one: one name equal, the other one letter apart,
-- or the first name of one is the initial of the other's.
CREATE FUNCTION crm_alike(first_a text, last_a text, first_b text, last_b text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (last_a = last_b AND last_a <> '' AND (
        (length(first_a) = 1 AND left(first_b, 1) = first_a)
        OR (length(first_b) = 1 AND left(first_a, 1) = first_b)
        OR (least(length(first_a), length(first_b)) > 2 AND crm_one_apart(first_a, first_b))))
    OR (first_a = first_b AND first_a <> '' AND least(length(last_a), length(last_b)) > 2
        AND crm_one_apart(last_a, last_b));

-- A row's version: digits, as many as certainly fit. Null for anything else.
CREATE FUNCTION crm_version(value text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) BETWEEN 1 AND 18 AND translate(value, '0123456789', '') = ''
    THEN value::bigint END;
"""

NAMES = (
    "crm_version(text)",
    "crm_alike(text, text, text, text)",
    "crm_one_apart(text, text)",
    "crm_address(text)",
    "crm_blank(text)",
    "crm_list_row(text, jsonb)",
    "crm_email(text)",
    "crm_no_email(text)",
    "crm_inactive(text)",
    "crm_flag(text)",
    "crm_key(text)",
    "crm_tidy(text)",
    "crm_repaired(text)",
    "crm_noon(date)",
    "crm_day(timestamptz)",
    "crm_is_sentinel(timestamptz)",
    "crm_instant(text)",
    "crm_guid(text)",
    "crm_valid(text, text)",
)


def create(apps: Any, schema_editor: Any) -> None:
    native = schema_editor.connection.pg_version >= 160000
    schema_editor.execute(VALID_NATIVE if native else VALID_SPELLED_OUT, params=None)
    schema_editor.execute(FUNCTIONS, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP FUNCTION " + ", ".join(NAMES), params=None)


class Migration(migrations.Migration):
    replaces = FOLDED[1:-1]
    dependencies = [("core", "0001_tables"), ("crm_import", "0002_triggers")]
    operations = [migrations.RunPython(create, drop)]
