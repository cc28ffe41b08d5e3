"""The functions that read text take a short way for what nearly every cell looks like.

PostgreSQL builds a regular expression's automaton anew for each value, so that a shape told with
translate() and left() costs a third of one told with `~`. What the short way does not know goes
the old way; the results are the same.
"""

from typing import Any

from django.db import migrations

FASTER = r"""
CREATE OR REPLACE FUNCTION crm_guid(value text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value = '' THEN NULL
    WHEN crm_valid(value, 'uuid')
        THEN nullif(value::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    WHEN crm_valid(btrim(value), 'uuid')
        THEN nullif(btrim(value)::uuid, '00000000-0000-0000-0000-000000000000'::uuid) END;

CREATE OR REPLACE FUNCTION crm_instant(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value = '' THEN NULL
    WHEN (translate(left(value, 12), '123456789', '000000000') = '0000-00-00T0'
            OR value ~ '^\s*[0-9]{4}-[0-9][0-9]-[0-9][0-9]([T ][0-9]|\s*$)')
        AND crm_valid(value, 'timestamptz') THEN value::timestamptz END;

CREATE OR REPLACE FUNCTION crm_key(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^[A-Za-z]*$' THEN lower(value) ELSE translate(
    CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE portal_fold(value) END,
    E' \t\n!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~’‘ʼ´\u00a0\u2007\u202f\u200b\ufeff–—', '') END;

-- A row's version: digits, as many as certainly fit. Null for anything else.
CREATE FUNCTION crm_version(value text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) BETWEEN 1 AND 18 AND translate(value, '0123456789', '') = ''
    THEN value::bigint END;
"""

SLOWER = r"""
CREATE OR REPLACE FUNCTION crm_guid(value text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN crm_valid(btrim(value), 'uuid')
    THEN nullif(btrim(value)::uuid, '00000000-0000-0000-0000-000000000000'::uuid) END;

CREATE OR REPLACE FUNCTION crm_instant(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^\s*[0-9]{4}-[0-9][0-9]-[0-9][0-9]([T ][0-9]|\s*$)'
    AND crm_valid(value, 'timestamptz') THEN value::timestamptz END;

CREATE OR REPLACE FUNCTION crm_key(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(
    CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE portal_fold(value) END,
    E' \t\n!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~’‘ʼ´\u00a0\u2007\u202f\u200b\ufeff–—', '');

DROP FUNCTION crm_version(text);
"""


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(FASTER, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(SLOWER, params=None)


class Migration(migrations.Migration):
    dependencies = [("crm_import", "0003_erasure")]
    operations = [migrations.RunPython(create, drop)]
