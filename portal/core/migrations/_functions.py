"""The functions that the tables of every app are made with: ids, folding and search tokens."""

from typing import Any

# PostgreSQL 18 makes UUIDs version 7 itself; older servers use RFC 9562 section 5.7 spelled out.
UUID7_NATIVE = """
CREATE FUNCTION portal_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN uuidv7();
"""
UUID7_SPELLED_OUT = """
CREATE FUNCTION portal_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN encode(
    set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint)
                FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid;
"""

# Accents, case and letters that do not decompose. normalize() needs a UTF-8 database. The lower()
# of letters beyond ASCII depends on the collation, so it is named. The SQL functions give null for
# null without being STRICT: a STRICT one that holds a CASE is called for each row, at several times
# the cost, instead of becoming a part of the expression around it. Procedures name the schema, as
# they are looked into only when they run: while a dump is restored no schema is searched, and rows
# have columns that are worked out by them.
FOLD = """
CREATE FUNCTION portal_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE
    lower(translate(
        replace(replace(replace(replace(replace(replace(replace(replace(
            regexp_replace(normalize(value, NFKD), '[\\u0300-\\u036f]', '', 'g'),
            'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'),
            'þ', 'th'), 'Þ', 'TH'),
        'łŁøØđĐıðÐħĦŧŦ', 'lLoOdDidDhHtT') COLLATE {collation})
    END;

CREATE FUNCTION portal_blanked(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(value,
    E'[\\\\s!-/:-@\\\\[-`{{-~’‘ʼ´\\u00a0\\u2007\\u202f\\u200b\\ufeff–—]+', ' ', 'g');

-- What two spellings of one name have in common: no accents, case, punctuation, double blanks.
CREATE FUNCTION portal_fold_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(portal_blanked(translate(portal_fold(value), $$'’‘ʼ`´$$, '')));

-- Words with the apostrophe joined (obrien) and apart (o, brien), as prefixed tokens with a blank
-- between. Scalar functions only: this runs for every row that is written.
CREATE FUNCTION portal_word_tokens(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    folded text := {schema}.portal_fold(left(value, 1000));
    joined text := btrim({schema}.portal_blanked(translate(folded, $$'’‘ʼ`´$$, '')));
    apart text;
BEGIN
    IF joined = '' THEN
        RETURN '';
    END IF;
    joined := 'n:' || replace(joined, ' ', ' n:');
    IF folded ~ $$['’‘ʼ`´]$$ THEN
        apart := btrim({schema}.portal_blanked(folded));
        IF apart <> '' THEN
            joined := joined || ' n:' || replace(apart, ' ', ' n:');
        END IF;
    END IF;
    RETURN joined;
END
$function$;

CREATE FUNCTION portal_text_search(VARIADIC parts text[]) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
BEGIN
    RETURN array_to_tsvector(
        array_remove(string_to_array(
            {schema}.portal_word_tokens(array_to_string(parts, ' ')), ' '), ''));
END
$function$;

-- Names; the address itself and each domain above it (a.b.org gives a.b.org and b.org); digits
-- from the start, also without the one to three digits of a country code, and from the end.
CREATE FUNCTION portal_contact_search(first_name text, last_name text, email text, phone text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    tokens text :=
        {schema}.portal_word_tokens(coalesce(first_name, '') || ' ' || coalesce(last_name, ''));
    address text;
    domain text;
    digits text;
BEGIN
    IF email <> '' THEN
        address := regexp_replace({schema}.portal_fold(left(email, 254)), '\\s', '', 'g');
        tokens := tokens || ' e:' || address;
        domain := split_part(address, '@', 2);
        WHILE domain <> '' LOOP
            tokens := tokens || ' d:' || domain;
            domain := substr(domain, nullif(position('.' IN domain), 0) + 1);
            EXIT WHEN domain IS NULL OR position('.' IN domain) = 0;
        END LOOP;
    END IF;
    IF phone <> '' THEN
        digits := left(regexp_replace(phone, '[^0-9]', '', 'g'), 40);
        IF digits <> '' THEN
            tokens := tokens || ' p:' || digits || ' r:' || reverse(digits);
            FOR dropped IN 1 .. least(3, length(digits) - 1) LOOP
                tokens := tokens || ' p:' || substr(digits, dropped + 1);
            END LOOP;
        END IF;
    END IF;
    RETURN array_to_tsvector(array_remove(string_to_array(tokens, ' '), ''));
END
$function$;
"""

# A range of ids, so that an exclusion constraint can say "the same navigator" with range
# operators only: btree_gist is an extension and not everywhere to be had.
RANGE = "CREATE TYPE portal_uuidrange AS RANGE (subtype = uuid);"


def create(apps: Any, schema_editor: Any) -> None:
    native = schema_editor.connection.pg_version >= 180000
    for sql in (UUID7_NATIVE if native else UUID7_SPELLED_OUT, folding(schema_editor), RANGE):
        schema_editor.execute(sql, params=None)


def folding(schema_editor: Any) -> str:
    """FOLD for this server and the schema that the tables are made in."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    collation = "pg_c_utf8" if connection.pg_version >= 170000 else '"und-x-icu"'
    return FOLD.format(collation=collation, schema=schema)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(
        "DROP TYPE portal_uuidrange;"
        "DROP FUNCTION portal_contact_search,"
        " portal_text_search, portal_word_tokens, portal_fold_key, portal_blanked,"
        " portal_fold, portal_uuid7;",
        params=None,
    )
