-- Who is who. A node is a legacy row that stands for a person; its number is its seniority, so the
-- lowest number of a cluster is the row that starts the record. Edges are certain (tiers 1 to 3);
-- what is not certain becomes a pair to review (sql/65_review.sql).

-- step: contacts without a usable role
-- A Patient row that points at one says what it is.
CREATE TEMP TABLE crm_routed ON COMMIT DROP AS
SELECT c.row_id, EXISTS (
        SELECT FROM crm_patient p WHERE p.contact_guid = c.legacy_id AND NOT EXISTS (
            SELECT FROM crm_fate f WHERE f.entity = 'Patient' AND f.row_id = p.row_id)
    ) AS is_patient
FROM crm_contact c
WHERE c.role NOT IN ('patient', 'physician', 'pharmacist') AND NOT EXISTS (
    SELECT FROM crm_fate f WHERE f.entity = 'Contact' AND f.row_id = c.row_id);
UPDATE crm_contact c SET role = 'patient' FROM crm_routed r
WHERE r.row_id = c.row_id AND r.is_patient;
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT 'Contact', c.row_id, 'quarantined', CASE WHEN btrim(a.contact_type) <> ''
    THEN 'routing_unmapped' ELSE 'routing_missing' END
FROM crm_routed c JOIN crm_import_legacycontact a ON a.id = c.row_id WHERE NOT c.is_patient;

-- step: rows whose record was deleted here
-- What people deleted stays deleted, whatever the CRM sends later.
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT v.entity, v.row_id, 'ignored', 'deleted_here'
FROM (
    SELECT 'Contact' AS entity, row_id, legacy_id, CASE role WHEN 'patient' THEN 'patients.patient'
        ELSE 'patients.specialist' END AS target_model FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, legacy_id, 'patients.patient' FROM crm_patient
) v JOIN crm_import_crosswalk x USING (entity, legacy_id, target_model)
WHERE x.slot = '' AND NOT EXISTS (SELECT FROM patients_patient p WHERE p.id = x.target_id)
    AND NOT EXISTS (SELECT FROM patients_specialist s WHERE s.id = x.target_id)
    AND NOT EXISTS (SELECT FROM patients_mergedpatient m WHERE m.old_id = x.target_id)
    AND NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = v.entity AND f.row_id = v.row_id);

-- step: contacts that changed their role
-- A physician in an older version and a patient in the current one, or the other way round: the
-- two versions stand for two records, and somebody has a look.
CREATE TEMP TABLE crm_former ON COMMIT DROP AS
SELECT DISTINCT ON (o.legacy_id) o.row_id, o.legacy_id, o.role::varchar(20) AS role,
    n.row_id AS current_row
FROM crm_fate f
JOIN crm_contact o ON o.row_id = f.row_id
JOIN crm_contact n ON n.legacy_id = o.legacy_id
WHERE f.entity = 'Contact' AND f.outcome = 'superseded'
    AND o.role IN ('patient', 'physician', 'pharmacist')
    AND n.role IN ('patient', 'physician', 'pharmacist')
    AND (o.role = 'patient') <> (n.role = 'patient')
    AND o.first_name || o.last_name <> '' AND length(o.first_name) <= 200
    AND length(o.last_name) <= 200
    AND NOT EXISTS (SELECT FROM crm_fate g WHERE g.entity = 'Contact' AND g.row_id = n.row_id)
    AND NOT EXISTS (SELECT FROM crm_import_crosswalk x
        WHERE x.entity = 'Contact' AND x.legacy_id = o.legacy_id
            AND x.target_model = CASE o.role WHEN 'patient' THEN 'patients.patient'
                ELSE 'patients.specialist' END
            AND NOT EXISTS (SELECT FROM patients_patient p WHERE p.id = x.target_id)
            AND NOT EXISTS (SELECT FROM patients_specialist s WHERE s.id = x.target_id)
            AND NOT EXISTS (SELECT FROM patients_mergedpatient m WHERE m.old_id = x.target_id))
ORDER BY o.legacy_id, o.version DESC NULLS LAST, o.modified DESC NULLS LAST, o.row_id DESC;

-- step: persons
-- Kind 1: Contact, kind 2: Patient row. name_key ignores the order of the two names.
CREATE TEMP TABLE crm_person ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY p.created NULLS LAST, p.kind, p.legacy_id)::int AS node,
    row_number() OVER (ORDER BY p.created NULLS LAST, p.kind, p.legacy_id)::int AS cluster,
    p.*, least(first_key, last_key) || ' ' || greatest(first_key, last_key) AS name_key,
    -- A deletion brings nothing that its row did not bring before.
    o.row IS NULL AND NOT (p.deleted AND EXISTS (
        SELECT FROM crm_import_crosswalk x WHERE x.legacy_id = p.legacy_id
            AND x.entity = CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END)) AS fresh
FROM (
    SELECT 1 AS kind, c.row_id, c.legacy_id, c.created, c.modified, c.inactive, c.first_name,
        c.last_name, c.first_key, c.last_key, c.email, c.version, nullif(c.condition, '')::uuid
            AS condition_id, c.booking_at, c.reminder_at, c.no_show, NULL::uuid AS contact_guid,
        c.deleted
    FROM crm_contact c
    WHERE c.role = 'patient' AND NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = 'Contact' AND f.row_id = c.row_id)
    UNION ALL
    SELECT 1, c.row_id, c.legacy_id, c.created, c.modified, c.inactive, c.first_name,
        c.last_name, c.first_key, c.last_key, c.email, c.version, nullif(c.condition, '')::uuid,
        c.booking_at, c.reminder_at, c.no_show, NULL, c.deleted
    FROM crm_former o JOIN crm_contact c USING (row_id) WHERE o.role = 'patient'
    UNION ALL
    SELECT 2, p.row_id, p.legacy_id, p.created, p.modified, p.inactive, p.first_name, p.last_name,
        p.first_key, p.last_key, p.email, p.version, t.target_id, NULL, NULL, NULL, p.contact_guid,
        p.deleted
    FROM crm_patient p LEFT JOIN crm_condition_target t ON t.legacy_id = p.condition_guid
    WHERE NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = 'Patient' AND f.row_id = p.row_id)
) p
LEFT JOIN crm_import_rowoutcome o ON o.row = p.row_id AND o.outcome <> 'quarantined'
    AND o.entity = CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END;

-- step: specialist rows
CREATE TEMP TABLE crm_specialist ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY c.created NULLS LAST, c.legacy_id)::int AS node,
    row_number() OVER (ORDER BY c.created NULLS LAST, c.legacy_id)::int AS cluster,
    c.row_id, c.record, c.legacy_id, c.created, c.modified, c.inactive, c.first_name, c.last_name,
    c.first_key, c.last_key, c.email, c.role,
    least(c.first_key, c.last_key) || ' ' || greatest(c.first_key, c.last_key) AS name_key,
    crm_tidy(a.job_title) AS job_title,
    CASE WHEN crm_blank(l.key) THEN '' ELSE l.tidy END AS licence,
    CASE WHEN crm_blank(l.key) THEN ''
        ELSE upper(regexp_replace(l.tidy, '[^A-Za-z0-9]', '', 'g')) END AS licence_key,
    o.row IS NULL AND NOT (c.deleted AND EXISTS (
        SELECT FROM crm_import_crosswalk x
        WHERE x.entity = 'Contact' AND x.legacy_id = c.legacy_id)) AS fresh,
    crm_guid(a.specialization) AS specialization_guid, crm_guid(a.hospital) AS hospital_guid
FROM (
    SELECT c.* FROM crm_contact c
    WHERE c.role IN ('physician', 'pharmacist') AND NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = 'Contact' AND f.row_id = c.row_id)
    UNION ALL
    SELECT c.* FROM crm_former o JOIN crm_contact c USING (row_id) WHERE o.role <> 'patient'
) c JOIN crm_import_legacycontact a ON a.id = c.row_id
-- OFFSET 0: once for each row, instead of wherever the result is used.
CROSS JOIN LATERAL (SELECT crm_tidy(a.medical_license_number) AS tidy OFFSET 0) t
CROSS JOIN LATERAL (SELECT t.tidy, crm_key(t.tidy) AS key OFFSET 0) l
LEFT JOIN crm_import_rowoutcome o ON o.entity = 'Contact' AND o.row = c.row_id
    AND o.outcome <> 'quarantined';
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT 'Contact', row_id, 'quarantined', 'too_long' FROM crm_specialist s
WHERE (length(job_title) > 200 OR length(licence) > 100)
    AND NOT EXISTS (SELECT FROM crm_former o WHERE o.row_id = s.row_id);
DELETE FROM crm_specialist WHERE length(job_title) > 200 OR length(licence) > 100;

-- statistics: crm_person (node, legacy_id, email, name_key, contact_guid), crm_specialist

-- step: shared mailboxes
-- Behind more than five names an address proves nothing. Only addresses whose rows are all here.
CREATE TEMP TABLE crm_mailbox ON COMMIT DROP AS
WITH used AS (
    SELECT email, name_key FROM crm_person WHERE email IS NOT NULL
    UNION ALL SELECT email, name_key FROM crm_specialist WHERE email IS NOT NULL
), several AS (
    SELECT email FROM used
    WHERE (SELECT whole FROM crm_this) OR email IN (SELECT email FROM crm_whole_email)
    GROUP BY email HAVING count(*) > 1
)
SELECT email::varchar(254) AS email, count(DISTINCT name_key) AS names FROM used JOIN several USING (email)
GROUP BY email;

-- statistics: crm_mailbox

-- step: links of patient rows to contacts
-- Tier 1. A blank part of a name contradicts nothing, but the other part must be equal.
CREATE TEMP TABLE crm_link ON COMMIT DROP AS
SELECT p.node AS patient_node, c.node AS contact_node, CASE
        WHEN p.name_key = c.name_key THEN 'linked'
        WHEN (p.first_key = '' AND p.last_key IN (c.first_key, c.last_key))
            OR (p.last_key = '' AND p.first_key IN (c.first_key, c.last_key))
            OR (c.first_key = '' AND c.last_key IN (p.first_key, p.last_key))
            OR (c.last_key = '' AND c.first_key IN (p.first_key, p.last_key)) THEN 'linked_part'
        ELSE 'doubtful' END::varchar(40) AS rule
FROM crm_person p JOIN crm_person c ON c.kind = 1 AND c.legacy_id = p.contact_guid
WHERE p.kind = 2;

-- step: certain edges between persons
TRUNCATE crm_edge;
INSERT INTO crm_edge (a, b, rule)
SELECT contact_node, patient_node, rule FROM crm_link WHERE rule <> 'doubtful';
-- What people merged in the CRM: it keeps the row that gave way, with the id of the other. Of those
-- that point at each other in a circle nobody knows who stayed; they are proposed.
CREATE TEMP TABLE crm_master ON COMMIT DROP AS
WITH RECURSIVE merged AS MATERIALIZED (
    SELECT l.node, w.node AS master FROM crm_import_legacycontact r
    JOIN crm_person l ON l.kind = 1 AND l.row_id = r.id
    JOIN crm_person w ON w.kind = 1 AND w.node <> l.node
        AND w.legacy_id = crm_guid(coalesce(r.extra ->> 'masterid', r.extra ->> '_masterid_value'))
    WHERE r.extra IS NOT NULL AND crm_flag(r.extra ->> 'merged')
), up (node, above, steps) AS (
    SELECT node, master, 1 FROM merged
    UNION ALL SELECT u.node, m.master, u.steps + 1 FROM up u JOIN merged m ON m.node = u.above
    WHERE u.above <> u.node AND u.steps < 20
)
SELECT node, master, node IN (SELECT u.node FROM up u WHERE u.above = u.node) AS is_circle
FROM merged;
INSERT INTO crm_edge (a, b, rule)
SELECT least(node, master), greatest(node, master), 'merged_in_crm' FROM crm_master
WHERE NOT is_circle;
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, p.node, 'same_email_and_name'
FROM crm_person p JOIN (
    SELECT q.email, q.name_key, min(q.node) AS first FROM crm_person q
    JOIN crm_mailbox m ON m.email = q.email AND m.names <= 5
    GROUP BY q.email, q.name_key HAVING count(*) > 1
) g ON g.email = p.email AND g.name_key = p.name_key AND g.first <> p.node;

-- step: certain edges between persons of one trial
-- if: crm_trial
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, p.node, 'same_trial_and_name'
FROM crm_trial t JOIN crm_person p ON p.kind = 2 AND p.row_id = t.row_id JOIN (
    SELECT u.number, q.name_key, min(q.node) AS first
    FROM crm_trial u JOIN crm_person q ON q.kind = 2 AND q.row_id = u.row_id
    WHERE u.registry NOT IN ('malformed', 'text')
        AND NOT crm_blank(q.first_key) AND NOT crm_blank(q.last_key)
    GROUP BY u.number, q.name_key HAVING count(DISTINCT q.node) > 1
) g ON g.number = t.number AND g.name_key = p.name_key AND g.first <> p.node;

-- step: certain edges between persons of one dossier
-- if: crm_dossier
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, p.node, 'same_eap_and_name'
FROM crm_dossier d JOIN crm_person p ON p.kind = 2 AND p.legacy_id = d.patient_guid JOIN (
    SELECT e.number_key, q.name_key, min(q.node) AS first
    FROM crm_dossier e JOIN crm_person q ON q.kind = 2 AND q.legacy_id = e.patient_guid
    WHERE e.number_key <> ''
        AND NOT crm_blank(q.first_key) AND NOT crm_blank(q.last_key)
    GROUP BY e.number_key, q.name_key HAVING count(DISTINCT q.node) > 1
) g ON g.number_key = d.number_key AND g.name_key = p.name_key AND g.first <> p.node;

-- step: pairs that people decided on
-- By legacy ids, so that a decision outlives the records that it was about.
CREATE TEMP TABLE crm_pair_decision ON COMMIT DROP AS
SELECT DISTINCT ON (first_id, second_id) first_id, second_id, decision, at, by_id
FROM crm_import_pairdecision ORDER BY first_id, second_id, id DESC;
CREATE TEMP TABLE crm_decided_pair ON COMMIT DROP AS
SELECT x.node AS a, y.node AS b, d.decision FROM crm_pair_decision d
JOIN crm_person x ON x.legacy_id = d.first_id JOIN crm_person y ON y.legacy_id = d.second_id;
INSERT INTO crm_edge (a, b, rule)
SELECT least(a, b), greatest(a, b), 'decided' FROM crm_decided_pair WHERE decision = 'same';

-- components: crm_group

-- step: people whom somebody told apart
-- What only looks like one person joins nobody in whose midst two were told apart.
CREATE TEMP TABLE crm_told_apart ON COMMIT DROP AS
SELECT g.node, g.cluster FROM crm_group g WHERE g.cluster IN (
    SELECT x.cluster FROM crm_decided_pair d JOIN crm_group x ON x.node = d.a
    JOIN crm_group y ON y.node = d.b AND y.cluster = x.cluster WHERE d.decision = 'different');
DELETE FROM crm_edge e USING crm_told_apart t
WHERE t.node = e.a AND e.rule NOT IN ('linked', 'decided');

-- step: clusters of two names
-- Two people cannot hang together by a row that has only half a name.
CREATE TEMP TABLE crm_torn ON COMMIT DROP AS
SELECT e.a, e.b FROM crm_edge e JOIN crm_group g ON g.node = e.b
WHERE e.rule = 'linked_part' AND g.cluster IN (
    SELECT h.cluster FROM crm_group h JOIN crm_person p USING (node)
    WHERE p.first_key <> '' AND p.last_key <> ''
    GROUP BY h.cluster HAVING count(DISTINCT p.name_key) > 1);
DELETE FROM crm_edge e USING crm_torn t WHERE t.a = e.a AND t.b = e.b AND e.rule = 'linked_part';

-- step: people who are there already
-- A legacy id keeps the record that it became, or the one which that was merged into.
CREATE TEMP TABLE crm_known ON COMMIT DROP AS
SELECT p.node, coalesce(m.survivor_id, x.target_id) AS id
FROM crm_person p JOIN crm_import_crosswalk x ON x.legacy_id = p.legacy_id
    AND x.entity = CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END
    AND x.target_model = 'patients.patient' AND x.slot = ''
LEFT JOIN patients_mergedpatient m ON m.old_id = x.target_id;
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, k.node, 'known' FROM crm_known k JOIN (
    SELECT id, min(node) AS first FROM crm_known GROUP BY id HAVING count(*) > 1
) g USING (id) WHERE g.first <> k.node;

-- statistics: crm_known

-- components: crm_group

-- step: clusters of people who are there already
-- Rows that became two records stay two, whatever joins them now: a person decides about the pair.
-- A new row goes with the one that it names (contact_record); when only its name and address fit
-- both, it is a person of its own.
CREATE TEMP TABLE crm_split ON COMMIT DROP AS
SELECT g.node, g.cluster, k.id FROM crm_group g LEFT JOIN crm_known k USING (node)
WHERE g.cluster IN (SELECT h.cluster FROM crm_group h JOIN crm_known USING (node)
    GROUP BY h.cluster HAVING count(DISTINCT id) > 1);
UPDATE crm_split s SET id = n.id FROM (
    SELECT u.node, min(o.id::text)::uuid AS id
    FROM crm_split u JOIN crm_edge e ON u.node IN (e.a, e.b) AND e.rule IN ('linked', 'linked_part')
    JOIN crm_split o ON o.node IN (e.a, e.b) AND o.id IS NOT NULL
    WHERE u.id IS NULL GROUP BY u.node HAVING count(DISTINCT o.id) = 1
) n WHERE n.node = s.node;
UPDATE crm_group g SET cluster = s.first
FROM (SELECT node, min(node) OVER (PARTITION BY cluster, id) AS first FROM crm_split) s
WHERE s.node = g.node;
-- Those told apart whom even a link of the CRM joins: each new row is a person of its own.
UPDATE crm_group g SET cluster = s.first
FROM (
    SELECT g.node, CASE WHEN k.node IS NULL THEN g.node
        ELSE min(g.node) OVER (PARTITION BY g.cluster, k.node IS NULL) END AS first
    FROM crm_group g LEFT JOIN crm_known k USING (node)
    WHERE g.cluster IN (
        SELECT x.cluster FROM crm_decided_pair d JOIN crm_group x ON x.node = d.a
        JOIN crm_group y ON y.node = d.b AND y.cluster = x.cluster
        WHERE d.decision = 'different')
) s WHERE s.node = g.node;
INSERT INTO crm_split (node, cluster) SELECT node, cluster FROM crm_told_apart;

-- step: clusters of persons
UPDATE crm_person p SET cluster = g.cluster FROM crm_group g
WHERE g.node = p.node AND g.cluster <> g.node;
CREATE TEMP TABLE crm_several ON COMMIT DROP AS
SELECT DISTINCT cluster FROM crm_group;
-- By which rule a row joined: its strongest edge.
CREATE TEMP TABLE crm_joined ON COMMIT DROP AS
SELECT DISTINCT ON (node) node, rule FROM (
    SELECT b AS node, rule FROM crm_edge UNION ALL SELECT a, rule FROM crm_edge
) e
JOIN crm_person p USING (node) WHERE p.cluster <> node
ORDER BY node, array_position(ARRAY['decided', 'linked', 'same_email_and_name', 'same_eap_and_name',
    'same_trial_and_name', 'linked_part'], rule);

-- step: certain edges between specialists
-- Same licence and last name; same address and name unless their licences contradict.
TRUNCATE crm_edge;
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, s.node, 'same_licence_and_name'
FROM crm_specialist s JOIN (
    SELECT role, licence_key, last_key, min(node) AS first FROM crm_specialist
    WHERE licence_key <> '' AND NOT crm_blank(last_key)
    GROUP BY role, licence_key, last_key HAVING count(*) > 1
) g USING (role, licence_key, last_key) WHERE g.first <> s.node;
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, s.node, 'same_email_and_name'
FROM crm_specialist s JOIN (
    SELECT q.role, q.email, q.name_key, min(q.node) AS first FROM crm_specialist q
    JOIN crm_mailbox m ON m.email = q.email AND m.names <= 5
    GROUP BY q.role, q.email, q.name_key
    HAVING count(*) > 1 AND count(DISTINCT nullif(q.licence_key, '')) < 2
) g USING (role, email, name_key) WHERE g.first <> s.node;

-- What people decided.
TRUNCATE crm_decided_pair;
INSERT INTO crm_decided_pair (a, b, decision)
SELECT x.node, y.node, d.decision FROM crm_pair_decision d
JOIN crm_specialist x ON x.legacy_id = d.first_id
JOIN crm_specialist y ON y.legacy_id = d.second_id;
INSERT INTO crm_edge (a, b, rule)
SELECT least(a, b), greatest(a, b), 'decided' FROM crm_decided_pair WHERE decision = 'same';

-- Records that are there already are met again, and stay as many as they are.
CREATE TEMP TABLE crm_specialist_known ON COMMIT DROP AS
SELECT s.node, x.target_id AS id FROM crm_specialist s
JOIN crm_import_crosswalk x ON x.entity = 'Contact' AND x.legacy_id = s.legacy_id
    AND x.target_model = 'patients.specialist' AND x.slot = '';
INSERT INTO crm_edge (a, b, rule)
SELECT g.first, k.node, 'known' FROM crm_specialist_known k JOIN (
    SELECT id, min(node) AS first FROM crm_specialist_known GROUP BY id HAVING count(*) > 1
) g USING (id) WHERE g.first <> k.node;

-- components: crm_group

-- step: clusters of specialists who are there already
CREATE TEMP TABLE crm_specialist_split ON COMMIT DROP AS
SELECT g.node, g.cluster, k.id FROM crm_group g LEFT JOIN crm_specialist_known k USING (node)
WHERE g.cluster IN (SELECT h.cluster FROM crm_group h JOIN crm_specialist_known USING (node)
    GROUP BY h.cluster HAVING count(DISTINCT id) > 1);
UPDATE crm_group g SET cluster = s.first
FROM (SELECT node, min(node) OVER (PARTITION BY cluster, id) AS first
    FROM crm_specialist_split) s
WHERE s.node = g.node;
WITH apart AS MATERIALIZED (
    SELECT g.node, g.cluster, CASE WHEN k.node IS NULL THEN g.node
        ELSE min(g.node) OVER (PARTITION BY g.cluster, k.node IS NULL) END AS first
    FROM crm_group g LEFT JOIN crm_specialist_known k USING (node)
    WHERE g.cluster IN (
        SELECT x.cluster FROM crm_decided_pair d JOIN crm_group x ON x.node = d.a
        JOIN crm_group y ON y.node = d.b AND y.cluster = x.cluster WHERE d.decision = 'different')
), moved AS (
    UPDATE crm_group g SET cluster = s.first FROM apart s WHERE s.node = g.node
)
INSERT INTO crm_specialist_split (node, cluster) SELECT node, cluster FROM apart;

-- step: clusters of specialists
UPDATE crm_specialist s SET cluster = g.cluster FROM crm_group g
WHERE g.node = s.node AND g.cluster <> g.node;
