-- Conditions, hospitals, specializations, products: the lists that people point at.

-- step: rows of the lists
-- Of the system columns they have what the export gave them, among the other columns.
CREATE TEMP TABLE crm_condition ON COMMIT DROP AS
SELECT a.id AS row_id, a.record, crm_guid(a.medicalconditionid) AS legacy_id, v.name,
    crm_tidy(a.abbreviation) AS abbreviation, v.version, v.modified, a.deleted, o.row IS NULL AS fresh
FROM crm_import_legacycondition a
CROSS JOIN LATERAL crm_list_row(a.name, a.extra) v
LEFT JOIN crm_import_rowoutcome o ON o.entity = 'MedicalCondition' AND o.row = a.id
    AND o.outcome <> 'quarantined';
CREATE TEMP TABLE crm_hospital ON COMMIT DROP AS
SELECT a.id AS row_id, a.record, crm_guid(a.hospitalid) AS legacy_id, v.name,
    crm_tidy(a.city) AS city, v.version, v.modified, a.deleted
FROM crm_import_legacyhospital a CROSS JOIN LATERAL crm_list_row(a.name, a.extra) v;
CREATE TEMP TABLE crm_specialization ON COMMIT DROP AS
SELECT a.id AS row_id, a.record, crm_guid(a.specializationid) AS legacy_id, v.name,
    v.version, v.modified, a.deleted, o.row IS NULL AS fresh
FROM crm_import_legacyspecialization a
CROSS JOIN LATERAL crm_list_row(a.name, a.extra) v
LEFT JOIN crm_import_rowoutcome o ON o.entity = 'Specialization' AND o.row = a.id
    AND o.outcome <> 'quarantined';

-- step: rows of the lists that a rollback took back
-- if: crm_import_takenback
DELETE FROM crm_condition r WHERE __GONE__('MedicalCondition', r.row_id);
DELETE FROM crm_hospital r WHERE __GONE__('Hospital', r.row_id);
DELETE FROM crm_specialization r WHERE __GONE__('Specialization', r.row_id);

-- include: versions MedicalCondition
-- include: versions Hospital
-- include: versions Specialization

-- step: nameless or too long rows of the lists
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT entity, row_id, 'quarantined', CASE WHEN name = '' THEN 'no_name' ELSE 'too_long' END
FROM (
    SELECT 'MedicalCondition' AS entity, row_id, name, length(name) > 300
        OR length(abbreviation) > 30 AS long FROM crm_condition
    UNION ALL SELECT 'Hospital', row_id, name, length(name) > 300 OR length(city) > 200
        FROM crm_hospital
    UNION ALL SELECT 'Specialization', row_id, name, length(name) > 200 FROM crm_specialization
) r
WHERE (name = '' OR long) AND NOT EXISTS (
    SELECT FROM crm_fate f WHERE f.entity = r.entity AND f.row_id = r.row_id);

-- step: names of conditions
-- A node is a row of the table or a value of the option set; keys are all its folded names.
CREATE TEMP TABLE crm_condition_node ON COMMIT DROP AS
SELECT row_number() OVER ()::int AS node, * FROM (
    SELECT 'row' AS kind, c.row_id, c.legacy_id, '' AS value, c.name, c.abbreviation, c.fresh
    FROM crm_condition c
    WHERE NOT EXISTS (SELECT FROM crm_fate f
        WHERE f.entity = 'MedicalCondition' AND f.row_id = c.row_id)
    UNION ALL
    SELECT 'option', NULL, NULL, value, (array_agg(label ORDER BY language <> 'en', label))[1], '',
        bool_or(fresh)
    FROM crm_label l WHERE option_set = 'medical_condition' AND NOT EXISTS (
        SELECT FROM crm_value v
        WHERE v.option_set = l.option_set AND v.value = l.value AND v.rejected)
    GROUP BY value
) n;
CREATE TEMP TABLE crm_condition_key ON COMMIT DROP AS
SELECT node, portal_fold_key(name) AS key, name, '' AS language, 1 AS rank, fresh
FROM crm_condition_node WHERE kind = 'row'
UNION SELECT n.node, l.word, l.label, l.language, 1, l.fresh
FROM crm_condition_node n JOIN crm_label l
    ON n.kind = 'option' AND l.option_set = 'medical_condition' AND l.value = n.value
UNION SELECT node, portal_fold_key(abbreviation), abbreviation, '', 2, fresh
FROM crm_condition_node WHERE abbreviation <> '';

-- step: known conditions
-- A name counts more than an abbreviation; a name of two conditions cannot be. What no longer has
-- a known name is what it was before.
CREATE TEMP TABLE crm_condition_of ON COMMIT DROP AS
SELECT DISTINCT ON (node) node, condition_id FROM (
    SELECT k.node, k.rank, c.condition_id FROM crm_condition_key k JOIN (
        SELECT condition_id, folded FROM patients_conditionname
        UNION ALL SELECT id, portal_fold_key(name) FROM patients_medicalcondition
    ) c ON c.folded = k.key
    UNION ALL
    SELECT n.node, 3, c.id FROM crm_condition_node n JOIN crm_import_crosswalk x
        ON x.entity = 'MedicalCondition' AND x.legacy_id = n.legacy_id
    JOIN patients_medicalcondition c ON c.id = x.target_id
    UNION ALL
    SELECT n.node, 3, c.id FROM crm_condition_node n JOIN crm_value v
        ON v.option_set = 'medical_condition' AND n.kind = 'option' AND v.value = n.value
    JOIN patients_medicalcondition c ON c.id::text = v.meaning
) k ORDER BY node, rank, condition_id;

-- step: links between new conditions
CREATE TEMP TABLE crm_edge (a int, b int, rule varchar(40)) ON COMMIT DROP;
INSERT INTO crm_edge (a, b, rule)
SELECT DISTINCT least(a.node, b.node) AS a, greatest(a.node, b.node) AS b, 'name' AS rule
FROM crm_condition_key a JOIN crm_condition_key b ON a.key = b.key AND a.node <> b.node
WHERE NOT EXISTS (SELECT FROM crm_condition_of o WHERE o.node IN (a.node, b.node));

-- step: groups of what belongs together
CREATE TEMP TABLE crm_group (node int, cluster int) ON COMMIT DROP;

-- components: crm_group

-- step: new conditions
CREATE TEMP TABLE crm_condition_new ON COMMIT DROP AS
SELECT * FROM (
    SELECT n.node, coalesce(g.cluster, n.node) AS cluster, n.name, n.abbreviation, n.kind,
        bool_or(n.fresh) OVER (PARTITION BY coalesce(g.cluster, n.node)) AS fresh
    FROM crm_condition_node n LEFT JOIN crm_group g USING (node)
    WHERE NOT EXISTS (SELECT FROM crm_condition_of o WHERE o.node = n.node)
) n WHERE fresh;

-- make: medical_conditions
-- if: crm_condition_new
WITH best AS (
    SELECT portal_uuid7() AS id, cluster,
        (array_agg(name ORDER BY kind = 'option', name <> initcap(name), length(name), name))[1]
            AS name,
        coalesce(min(abbreviation) FILTER (WHERE abbreviation <> ''), '') AS abbreviation
    FROM crm_condition_new GROUP BY cluster
), made AS (
    INSERT INTO patients_medicalcondition (id, name, abbreviation, code, code_system)
    SELECT id, name, abbreviation, '', '' FROM best ORDER BY cluster
), linked AS (
    INSERT INTO crm_condition_of (node, condition_id)
    SELECT n.node, b.id FROM crm_condition_new n JOIN best b USING (cluster)
)
SELECT id FROM best;

-- step: new names of conditions
INSERT INTO patients_conditionname (condition_id, name, language, origin)
SELECT DISTINCT ON (k.key) o.condition_id, k.name, k.language, 'legacy_crm'
FROM crm_condition_key k JOIN crm_condition_of o USING (node)
WHERE k.key <> '' AND k.fresh AND NOT EXISTS (
    SELECT FROM patients_conditionname n WHERE n.folded = k.key)
ORDER BY k.key, k.rank, k.language = '', k.node;

-- step: meaning of condition options
UPDATE crm_value v SET meaning = o.condition_id::text
FROM crm_condition_node n JOIN crm_condition_of o USING (node)
WHERE v.option_set = 'medical_condition' AND v.meaning = '' AND n.kind = 'option'
    AND n.value = v.value; -- a rejected value has no node

-- step: cells with conditions
INSERT INTO crm_cell (option_set, cell, seen, meaning)
SELECT 'medical_condition', c.cell, c.seen, CASE WHEN v.rejected THEN ''
    ELSE coalesce(nullif(v.meaning, ''), n.condition_id::text, '') END
FROM (SELECT medical_condition AS cell, count(*) AS seen FROM crm_import_legacycontact a
    WHERE __COUNTS__('Contact', a.id) GROUP BY 1) c
LEFT JOIN crm_value v ON v.option_set = 'medical_condition' AND v.value = btrim(c.cell)
LEFT JOIN patients_conditionname n
    ON v.label IS NULL AND n.folded = portal_fold_key(crm_tidy(c.cell))
WHERE btrim(c.cell) <> '';

-- step: outcomes of conditions
-- Of the rows of one condition the plainly named one starts it.
CREATE TEMP TABLE crm_condition_target ON COMMIT DROP AS
SELECT n.row_id, n.legacy_id, o.condition_id AS target_id,
    row_number() OVER (PARTITION BY o.condition_id ORDER BY
        a.name IS DISTINCT FROM c.name, portal_fold_key(n.name) <> portal_fold_key(c.name),
        n.row_id) AS place
FROM crm_condition_node n
JOIN crm_condition_of o USING (node)
JOIN patients_medicalcondition c ON c.id = o.condition_id
JOIN crm_import_legacycondition a ON a.id = n.row_id;

-- make: hospitals
-- if: crm_hospital
WITH new AS (
    SELECT portal_uuid7() AS id, h.* FROM crm_hospital h
    WHERE NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = 'Hospital' AND f.row_id = h.row_id)
        AND NOT EXISTS (SELECT FROM crm_import_crosswalk x
            WHERE x.entity = 'Hospital' AND x.legacy_id = h.legacy_id)
    ORDER BY h.row_id
), linked AS (
    INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
    SELECT 'Hospital', n.legacy_id, 'patients.hospital', n.id, 'first', r.id FROM new n, crm_this r
    ORDER BY n.legacy_id
)
INSERT INTO patients_hospital (id, name, city, country) SELECT id, name, city, '' FROM new;

-- step: specializations by name
CREATE TEMP TABLE crm_specialization_target ON COMMIT DROP AS
SELECT s.row_id, s.legacy_id, s.name, s.fresh, portal_fold_key(s.name) AS key, (
        SELECT p.id FROM crm_import_crosswalk x JOIN patients_specialization p ON p.id = x.target_id
        WHERE x.entity = 'Specialization' AND x.legacy_id = s.legacy_id) AS target_id,
    row_number() OVER (PARTITION BY portal_fold_key(s.name) ORDER BY s.row_id) AS place
FROM crm_specialization s
WHERE NOT EXISTS (
    SELECT FROM crm_fate f WHERE f.entity = 'Specialization' AND f.row_id = s.row_id);

-- make: specializations
-- if: crm_specialization_target
INSERT INTO patients_specialization (name)
SELECT DISTINCT ON (t.key) t.name FROM crm_specialization_target t
WHERE t.fresh AND t.target_id IS NULL AND NOT EXISTS (
    SELECT FROM patients_specialization s WHERE portal_fold_key(s.name) = t.key)
ORDER BY t.key, t.row_id;

-- step: targets of specializations
-- if: crm_specialization_target
UPDATE crm_specialization_target t SET target_id = s.id
FROM patients_specialization s WHERE t.target_id IS NULL AND portal_fold_key(s.name) = t.key;
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
SELECT 'Specialization', t.legacy_id, 'patients.specialization', t.target_id,
    CASE WHEN t.place = 1 THEN 'first' ELSE 'same_name' END, r.id
FROM crm_specialization_target t, crm_this r
WHERE t.target_id IS NOT NULL
ORDER BY t.legacy_id
ON CONFLICT DO NOTHING;

-- step: targets of conditions
-- if: crm_condition_target
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
SELECT 'MedicalCondition', t.legacy_id, 'patients.medicalcondition', t.target_id,
    CASE WHEN t.place = 1 THEN 'first' ELSE 'same_name' END, r.id
FROM crm_condition_target t, crm_this r
ORDER BY t.legacy_id -- of several one is shown to the old systems, the same every time
ON CONFLICT DO NOTHING;

-- step: products
INSERT INTO referrals_product (name, substance, manufacturer)
SELECT DISTINCT ON (portal_fold_key(name)) name, '', ''
FROM (
    SELECT (array_agg(label ORDER BY language <> 'en', label))[1] AS name
    FROM crm_label l WHERE option_set = 'product' AND NOT EXISTS (
        SELECT FROM crm_value v
        WHERE v.option_set = 'product' AND v.value = l.value AND (v.meaning <> '' OR v.rejected))
    GROUP BY value HAVING bool_or(fresh)
) p
WHERE name <> '' AND length(name) <= 200 AND NOT EXISTS (
    SELECT FROM referrals_product q WHERE portal_fold_key(q.name) = portal_fold_key(p.name));

-- step: meaning of product options
UPDATE crm_value v SET meaning = p.id::text
FROM crm_label l JOIN referrals_product p ON portal_fold_key(p.name) = l.word
WHERE v.option_set = 'product' AND v.meaning = '' AND NOT v.rejected
    AND l.option_set = 'product' AND l.value = v.value;
INSERT INTO crm_cell (option_set, cell, seen, meaning)
SELECT 'product', c.cell, c.seen, CASE WHEN v.rejected THEN ''
    ELSE coalesce(nullif(v.meaning, ''), p.id::text, '') END
FROM (SELECT product AS cell, count(*) AS seen FROM crm_import_legacydossier a
    WHERE __COUNTS__('EAPDossier', a.id) GROUP BY 1) c
LEFT JOIN crm_value v ON v.option_set = 'product' AND v.value = btrim(c.cell)
LEFT JOIN referrals_product p
    ON v.label IS NULL AND portal_fold_key(p.name) = portal_fold_key(crm_tidy(c.cell))
WHERE btrim(c.cell) <> '';

-- step: cells that nobody knows
-- Numbers without a label, and words that are none of ours. Several values in one cell are no value.
INSERT INTO crm_value (option_set, value, labels, label, meaning, rejected)
SELECT c.option_set, btrim(c.cell),
    CASE WHEN c.cell ~ '^[0-9 ]*$' THEN '{}' ELSE ARRAY[min(crm_tidy(c.cell))] END, NULL, '', false
FROM crm_cell c
WHERE c.meaning = '' AND c.cell !~ '^[0-9 ]*,[0-9, ]*$' AND NOT EXISTS (
    SELECT FROM crm_value v WHERE v.option_set = c.option_set AND v.value = btrim(c.cell))
GROUP BY 1, 2, c.cell ~ '^[0-9 ]*$';

-- step: remember option values
-- What is known for certain is approved by the rule; what people decided stays, and a proposal as
-- long as what it names is there. What an unknown value may mean: a label that has a known word in
-- it, or is one letter apart from one, when that is but one word.
WITH unknown AS (
    SELECT v.option_set, v.value, portal_fold_key(l.label) AS key
    FROM crm_value v CROSS JOIN LATERAL unnest(v.labels) AS l (label)
    WHERE v.meaning = '' AND NOT v.rejected
), words AS (
    SELECT option_set, word, meaning FROM crm_word
    UNION ALL SELECT 'medical_condition', folded, condition_id::text FROM patients_conditionname
    UNION ALL SELECT 'product', portal_fold_key(name), id::text FROM referrals_product
), proposal AS (
    SELECT u.option_set, u.value, min(w.meaning) AS meaning
    FROM unknown u JOIN words w ON w.option_set = u.option_set AND w.word <> ''
        AND (position(' ' || w.word || ' ' IN ' ' || u.key || ' ') > 0
            OR crm_one_apart(u.key, w.word))
    GROUP BY u.option_set, u.value HAVING count(DISTINCT w.meaning) = 1
)
INSERT INTO crm_import_optionvalue (option_set, value, labels, meaning, state, run_id)
SELECT v.option_set, v.value, v.labels, coalesce(nullif(v.meaning, ''), o.meaning, p.meaning, ''),
    CASE WHEN v.meaning <> '' THEN 'approved' ELSE 'proposed' END, r.id
FROM crm_value v LEFT JOIN proposal p USING (option_set, value)
LEFT JOIN crm_import_optionvalue o ON o.option_set = v.option_set AND o.value = v.value
    AND o.state = 'proposed' AND (o.meaning IN (SELECT meaning FROM crm_word)
        OR o.meaning IN (SELECT id::text FROM patients_medicalcondition)
        OR o.meaning IN (SELECT id::text FROM referrals_product))
CROSS JOIN crm_this r
WHERE length(v.value) <= 300 AND length(v.option_set) <= 50 AND NOT v.rejected
ON CONFLICT (option_set, value) DO UPDATE SET state = EXCLUDED.state,
    meaning = EXCLUDED.meaning, labels = EXCLUDED.labels
WHERE crm_import_optionvalue.state = 'proposed' AND (
    crm_import_optionvalue.state, crm_import_optionvalue.meaning, crm_import_optionvalue.labels)
    IS DISTINCT FROM (EXCLUDED.state, EXCLUDED.meaning, EXCLUDED.labels);
UPDATE crm_import_optionvalue v SET seen = coalesce(c.seen, 0)
FROM crm_import_optionvalue o LEFT JOIN (
    SELECT option_set, btrim(cell) AS value, sum(seen) AS seen FROM crm_cell GROUP BY 1, 2
) c USING (option_set, value)
WHERE o.id = v.id AND v.option_set <> 'invented_name' AND v.seen <> coalesce(c.seen, 0);
