-- What the values of option sets mean. What is `fresh`, here and later, came with this run or was
-- in quarantine before it: of other rows only what is still missing would be made again, which is
-- what people deleted.
-- crm_word (option_set, word, meaning) was filled from crm_import.meanings.
-- A step begins with a line "-- step: name"; no percent sign may appear in these files, because
-- the history context is added to some statements as parameters.

-- step: labels of option values
CREATE TEMP TABLE crm_label ON COMMIT DROP AS
SELECT lower(btrim(option_set)) AS option_set, btrim(value) AS value,
    crm_tidy(label) AS label, portal_fold_key(crm_tidy(label)) AS word,
    CASE btrim(language) WHEN '1033' THEN 'en' WHEN '2057' THEN 'en' WHEN '1043' THEN 'nl'
        WHEN '2067' THEN 'nl' WHEN '1031' THEN 'de' WHEN '1036' THEN 'fr' WHEN '1034' THEN 'es'
        WHEN '3082' THEN 'es' WHEN '1040' THEN 'it' WHEN '1045' THEN 'pl' WHEN '2070' THEN 'pt'
        ELSE '' END AS language,
    bool_or(f.run_id = r.id OR o.id IN (
        SELECT row_id FROM crm_back WHERE entity = 'OptionSets')) AS fresh
FROM crm_import_legacyoption o JOIN crm_import_sourcefile f ON f.id = o.file_id, crm_this r
WHERE option_set <> '' AND value <> '' AND label <> '' AND length(label) <= 300
    AND __COUNTS__('OptionSets', o.id)
GROUP BY 1, 2, 3, 4, 5;

-- step: meaning of option values
-- Labels of several languages must agree on a known word; what somebody decided before counts more,
-- unless the record that was meant is gone. What is only proposed means nothing yet.
CREATE TEMP TABLE crm_value ON COMMIT DROP AS
WITH decision AS MATERIALIZED (
    SELECT option_set, value, labels, state = 'rejected' AS rejected,
        CASE state WHEN 'approved' THEN meaning ELSE '' END AS meaning
    FROM crm_import_optionvalue
    WHERE option_set <> 'invented_name' -- sql/45_invented.sql
        AND (state <> 'approved' OR option_set NOT IN ('medical_condition', 'product')
            OR meaning IN (SELECT id::text FROM patients_medicalcondition)
            OR meaning IN (SELECT id::text FROM referrals_product))
)
SELECT l.option_set, l.value, array_agg(DISTINCT l.label) AS labels,
    (array_agg(l.label ORDER BY l.language <> 'en', l.label))[1] AS label,
    CASE WHEN bool_or(d.rejected) THEN ''
        ELSE coalesce(nullif(min(d.meaning), ''),
            CASE WHEN count(DISTINCT w.meaning) = 1 THEN min(w.meaning) END, '') END AS meaning,
    coalesce(bool_or(d.rejected), false) AS rejected
FROM crm_label l
LEFT JOIN crm_word w ON w.option_set = l.option_set AND w.word = l.word
LEFT JOIN decision d ON d.option_set = l.option_set AND d.value = l.value
GROUP BY l.option_set, l.value
-- Values that nobody delivered a label for.
UNION ALL
SELECT d.option_set, d.value, d.labels, NULL, d.meaning, d.rejected FROM decision d
WHERE NOT EXISTS (
    SELECT FROM crm_label l WHERE l.option_set = d.option_set AND l.value = d.value);

-- step: cells with option values
-- Every distinct cell once: a value, or (in exports made by hand) a label.
CREATE TEMP TABLE crm_cell ON COMMIT DROP AS
WITH cells (option_set, cell, seen) AS (
    SELECT 'contact_type', contact_type, count(*) FROM crm_import_legacycontact a
    WHERE __COUNTS__('Contact', a.id) GROUP BY 2
    UNION ALL SELECT 'eligible', eligible, count(*) FROM crm_import_legacypatient a
    WHERE __COUNTS__('Patient', a.id) GROUP BY 2
    UNION ALL SELECT 'ct_outcome', ct_outcome, count(*) FROM crm_import_legacypatient a
    WHERE __COUNTS__('Patient', a.id) GROUP BY 2
)
SELECT c.option_set, c.cell, c.seen, CASE WHEN v.rejected THEN ''
    ELSE coalesce(nullif(v.meaning, ''), w.meaning, '') END AS meaning
FROM cells c
LEFT JOIN crm_value v ON v.option_set = c.option_set AND v.value = btrim(c.cell)
LEFT JOIN crm_word w ON w.option_set = c.option_set AND v.label IS NULL
    AND c.cell !~ '^[0-9, ]*$' AND w.word = portal_fold_key(crm_tidy(c.cell))
WHERE btrim(c.cell) <> '';
