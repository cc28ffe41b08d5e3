-- Names that people invent to try a form (crm_import.meanings). Their rows are imported like others
-- and told, until somebody approves that a name is left out. What became a record stays one.

-- step: invented names
CREATE TEMP TABLE crm_invented ON COMMIT DROP AS
WITH words AS (
    SELECT word, meaning FROM crm_word WHERE option_set = 'invented_name'
), parts AS (
    SELECT word AS part FROM words WHERE meaning = 'word'
    UNION SELECT regexp_split_to_table(word, ' ') FROM words WHERE meaning = 'name'
    UNION SELECT ''
), found AS MATERIALIZED ( -- few of all rows: only these are looked at closely
    SELECT v.* FROM (
        SELECT 'Contact' AS entity, row_id, legacy_id, first_key, last_key FROM crm_contact
        UNION ALL SELECT 'Patient', row_id, legacy_id, first_key, last_key FROM crm_patient
    ) v
    WHERE v.first_key IN (SELECT part FROM parts) AND v.last_key IN (SELECT part FROM parts)
)
SELECT f.entity, f.row_id, f.legacy_id, n.name
FROM found f CROSS JOIN LATERAL (
    SELECT btrim(least(f.first_key, f.last_key) || ' ' || greatest(f.first_key, f.last_key)) AS name
) n
WHERE n.name <> '' AND (n.name IN (SELECT word FROM words WHERE meaning = 'name')
    OR NOT EXISTS (SELECT FROM regexp_split_to_table(n.name, ' ') AS p (part)
        WHERE p.part NOT IN (SELECT word FROM words WHERE meaning = 'word')));

-- step: remember invented names
-- if: crm_invented
-- All of their rows are counted when all of the archive is looked at, else those that are new.
INSERT INTO crm_import_optionvalue (option_set, value, labels, meaning, state, run_id)
SELECT DISTINCT 'invented_name', i.name, '{}'::text[], 'test_record', 'proposed', r.id
FROM crm_invented i, crm_this r ORDER BY i.name
ON CONFLICT (option_set, value) DO NOTHING;
UPDATE crm_import_optionvalue v SET seen = CASE WHEN r.whole THEN n.rows ELSE v.seen + n.new END
FROM (
    SELECT i.name, count(*) AS rows, count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o WHERE o.entity = i.entity AND o.row = i.row_id)) AS new
    FROM crm_invented i GROUP BY i.name
) n, crm_this r
WHERE v.option_set = 'invented_name' AND v.value = n.name
    AND v.seen <> CASE WHEN r.whole THEN n.rows ELSE v.seen + n.new END;

-- step: rows of invented names that are left out
-- if: crm_invented
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT i.entity, i.row_id, 'ignored', 'test_record'
FROM crm_invented i JOIN crm_import_optionvalue v
    ON v.option_set = 'invented_name' AND v.value = i.name AND v.state = 'approved'
WHERE NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = i.entity AND f.row_id = i.row_id)
    AND NOT EXISTS (SELECT FROM crm_import_crosswalk x
        WHERE x.entity = i.entity AND x.legacy_id = i.legacy_id);
