-- Trial numbers in the free text of Patient rows. Needed early: a common trial is evidence.

-- step: words of the trial column
CREATE TEMP TABLE crm_trial ON COMMIT DROP AS
WITH words AS (
    SELECT p.row_id, w.place, btrim(w.word) AS word,
        upper(regexp_replace(crm_tidy(w.word), '[\s.]', '', 'g')) AS number
    FROM crm_patient p
    JOIN crm_import_legacypatient r ON r.id = p.row_id
    CROSS JOIN LATERAL regexp_split_to_table(r.trial_id, '[;,/|\r\n]+')
        WITH ORDINALITY AS w (word, place)
    WHERE r.trial_id <> '' AND NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = 'Patient' AND f.row_id = p.row_id)
)
SELECT row_id, place, word, number, CASE
        WHEN number ~ '^NCT[0-9]{8}$' THEN 'NCT'
        WHEN number ~ '^[0-9]{4}-5[0-9]{5}-[0-9]{2}-[0-9]{2}$' THEN 'EUCT'
        WHEN number ~ '^[0-9]{4}-[0-9]{6}-[0-9]{2}$' THEN 'EUDRACT'
        WHEN number ~ '^ISRCTN[0-9]{8}$' THEN 'ISRCTN'
        -- Looks like a number somebody mistyped, as opposed to a word.
        WHEN number ~ '[0-9]{3}' THEN 'malformed'
        ELSE 'text' END AS registry
FROM words WHERE word <> '';

-- statistics: crm_trial
