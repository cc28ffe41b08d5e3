"""The words to search by are worked out for every row that is written: plain ones the short way.

Replacing by a regular expression costs more than everything else here, and plain names and addresses
need none: one is asked whether there is anything to replace. The tokens are the same.
"""

from typing import Any

from django.db import migrations

WORDS = """
CREATE OR REPLACE FUNCTION portal_word_tokens(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    folded text := portal_fold(left(value, 1000));
    joined text;
    apart text;
BEGIN
    {short}joined := btrim(portal_blanked(translate(folded, $$'’‘ʼ`´$$, '')));
    IF joined = '' THEN
        RETURN '';
    END IF;
    joined := 'n:' || replace(joined, ' ', ' n:');
    IF folded ~ $$['’‘ʼ`´]$$ THEN
        apart := btrim(portal_blanked(folded));
        IF apart <> '' THEN
            joined := joined || ' n:' || replace(apart, ' ', ' n:');
        END IF;
    END IF;
    RETURN joined;
END
$function$;
"""
SHORT_WORDS = """-- Letters, digits and single blanks: there is nothing to take out.
    IF folded !~ '[^a-z0-9 ]' THEN
        joined := btrim(folded);
        IF position('  ' IN joined) = 0 THEN
            RETURN CASE WHEN joined = '' THEN '' ELSE 'n:' || replace(joined, ' ', ' n:') END;
        END IF;
    END IF;
    """

CONTACT = """
CREATE OR REPLACE FUNCTION portal_contact_search(first_name text, last_name text, email text,
    phone text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    tokens text := portal_word_tokens(coalesce(first_name, '') || ' ' || coalesce(last_name, ''));
    address text;
    domain text;
    digits text;
BEGIN
    IF email <> '' THEN
        address := {address};
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
LONG_ADDRESS = "regexp_replace(portal_fold(left(email, 254)), '\\s', '', 'g')"
SHORT_ADDRESS = (
    "CASE WHEN email !~ '[^a-z0-9.@_+-]' "
    f"THEN left(email, 254) ELSE {LONG_ADDRESS} END"
)


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(WORDS.format(short=SHORT_WORDS), params=None)
    schema_editor.execute(CONTACT.format(address=SHORT_ADDRESS), params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(WORDS.format(short=""), params=None)
    schema_editor.execute(CONTACT.format(address=LONG_ADDRESS), params=None)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_accounts_in_history")]
    operations = [migrations.RunPython(create, drop)]
