-- Pairs that may be one person. Nothing is merged on this evidence; a person decides.

-- step: pairs of patients
-- The lower rank is the better description of the same pair.
CREATE TEMP TABLE crm_pair (a int, b int, tier varchar(5), rank int, because varchar(40))
ON COMMIT DROP;

-- step: pairs that are linked in the CRM, but under other names
-- if: crm_link
-- R1, R2, R4.
INSERT INTO crm_pair (a, b, tier, rank, because)
SELECT p.cluster, c.cluster, CASE
        WHEN p.email IS DISTINCT FROM c.email THEN 'R1'
        WHEN crm_alike(p.first_key, p.last_key, c.first_key, c.last_key) THEN 'R4'
        WHEN p.first_key = c.first_key OR p.last_key = c.last_key THEN 'R2'
        ELSE 'R1' END, 1, 'contact_record'
FROM crm_link l
JOIN crm_person p ON p.node = l.patient_node JOIN crm_person c ON c.node = l.contact_node
WHERE p.cluster <> c.cluster;

-- step: pairs that were merged in the CRM, each into another of them
-- if: crm_master WHERE is_circle
INSERT INTO crm_pair (a, b, tier, rank, because)
SELECT x.cluster, y.cluster, 'R1', 1, 'merged_in_a_circle'
FROM crm_master m
JOIN crm_person x ON x.node = m.node JOIN crm_person y ON y.node = m.master
WHERE m.is_circle AND x.cluster <> y.cluster;

-- step: pairs of one address
-- if: crm_shared
-- R2, R4: several names, and no mailbox of many.
INSERT INTO crm_pair (a, b, tier, rank, because)
SELECT x.cluster, y.cluster, CASE WHEN z.alike THEN 'R4' ELSE 'R2' END,
    CASE WHEN z.alike THEN 2 ELSE 3 END, 'email'
FROM crm_shared s
JOIN crm_person x ON x.email = s.email JOIN crm_person y ON y.email = s.email
JOIN crm_mailbox m ON m.email = s.email AND m.names <= 5
CROSS JOIN LATERAL (
    SELECT crm_alike(x.first_key, x.last_key, y.first_key, y.last_key) AS alike OFFSET 0) z
WHERE s.is_shared AND x.cluster < y.cluster;

-- step: pairs of two records that the evidence for one person joins
-- if: crm_split
INSERT INTO crm_pair (a, b, tier, rank, because)
SELECT DISTINCT x.cluster, y.cluster, 'R4', 0, 'same_evidence'
FROM crm_split s JOIN crm_person x ON x.node = s.node
JOIN (SELECT cluster, min(node) AS oldest FROM crm_split GROUP BY cluster) o
    ON o.cluster = s.cluster
JOIN crm_person y ON y.node = o.oldest
WHERE x.cluster <> y.cluster;

-- step: pairs of equal names
-- R3: same name and condition, other address. Of a common name (more than six people) only the
-- oldest is paired with the others: all pairs of them would bury the review.
WITH names AS (
    SELECT name_key FROM crm_person WHERE first_key <> '' AND last_key <> ''
        AND ((SELECT whole FROM crm_this) OR name_key IN (SELECT name_key FROM crm_whole_name))
    GROUP BY name_key HAVING min(cluster) <> max(cluster)
), named AS MATERIALIZED (
    SELECT DISTINCT p.name_key, p.cluster, x.medical_condition_id AS condition_id
    FROM names JOIN crm_person p USING (name_key)
    JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
    WHERE x.medical_condition_id IS NOT NULL
)
INSERT INTO crm_pair (a, b, tier, rank, because)
SELECT x.cluster, y.cluster, 'R3', 4, 'name_and_condition'
FROM (SELECT *, count(*) OVER (PARTITION BY name_key, condition_id) AS people,
        min(cluster) OVER (PARTITION BY name_key, condition_id) AS oldest FROM named) x
JOIN named y USING (name_key, condition_id)
WHERE x.cluster < y.cluster AND (x.people <= 6 OR x.cluster = x.oldest);

-- make: pairs
-- if: crm_pair
-- Decisions were made before a rollback, about the same rows or others of the same people.
WITH decided AS (
    SELECT DISTINCT ON (a, b) a, b, decision, decided_at, by_id FROM (
        SELECT least(x.cluster, y.cluster) AS a, greatest(x.cluster, y.cluster) AS b, d.decision,
            CASE WHEN d.decision <> 'later' THEN d.at END AS decided_at, d.at,
            CASE WHEN d.decision <> 'later' THEN d.by_id END AS by_id
        FROM crm_pair_decision d JOIN crm_person x ON x.legacy_id = d.first_id
        JOIN crm_person y ON y.legacy_id = d.second_id WHERE x.cluster <> y.cluster
    ) d ORDER BY a, b, at DESC
)
INSERT INTO patients_possibleduplicate (first_patient_id, second_patient_id, tier, evidence, state,
    decided_at, decided_by_id)
SELECT DISTINCT ON (least(s.id, t.id), greatest(s.id, t.id)) least(s.id, t.id),
    greatest(s.id, t.id), p.tier, jsonb_build_object('source', 'legacy_crm',
        'because', p.because, 'legacy_ids', jsonb_build_array(x.legacy_id, y.legacy_id)),
    coalesce(d.decision, 'open'), d.decided_at, d.by_id
FROM crm_pair p
LEFT JOIN decided d ON d.a = least(p.a, p.b) AND d.b = greatest(p.a, p.b)
JOIN crm_target s ON s.cluster = p.a JOIN crm_target t ON t.cluster = p.b
JOIN crm_person x ON x.node = p.a JOIN crm_person y ON y.node = p.b
WHERE s.id <> t.id
ORDER BY least(s.id, t.id), greatest(s.id, t.id), p.rank, p.tier
ON CONFLICT DO NOTHING;

-- make: pairs with known patients
-- if: crm_taken
-- Somebody who did not come from the CRM has the address.
INSERT INTO patients_possibleduplicate (first_patient_id, second_patient_id, tier, evidence)
SELECT least(t.id, k.patient_id), greatest(t.id, k.patient_id), 'R2', jsonb_build_object(
    'source', 'legacy_crm', 'because', 'email', 'legacy_ids', jsonb_build_array(p.legacy_id))
FROM crm_taken k JOIN crm_target t USING (cluster) JOIN crm_person p ON p.node = k.cluster
WHERE t.id <> k.patient_id
ON CONFLICT DO NOTHING;

-- make: pairs with specialists
-- if: crm_specialist
-- R1: a Patient row linked to a specialist. R5: one address for a patient and a specialist.
INSERT INTO patients_possibleduplicate (first_patient_id, first_specialist_id, tier, evidence,
    state, decided_at, decided_by_id)
SELECT DISTINCT ON (v.patient_id, v.specialist_id) v.patient_id, v.specialist_id, v.tier,
    jsonb_build_object('source', 'legacy_crm', 'because', v.because,
        'legacy_ids', jsonb_build_array(v.patient_row, v.specialist_row)),
    coalesce(d.decision, 'open'), CASE WHEN d.decision <> 'later' THEN d.at END,
    CASE WHEN d.decision <> 'later' THEN d.by_id END
FROM (
    SELECT t.id AS patient_id, s.id AS specialist_id, 'R1' AS tier, 'contact_record' AS because,
        p.legacy_id AS patient_row, s.legacy_id AS specialist_row
    FROM crm_person p JOIN crm_specialist_id s ON s.legacy_id = p.contact_guid
    JOIN crm_target t ON t.cluster = p.cluster WHERE p.kind = 2
        AND NOT EXISTS (SELECT FROM crm_link l WHERE l.patient_node = p.node)
    UNION ALL
    SELECT t.id, s.id, 'R5', 'both_roles', o.legacy_id, o.legacy_id
    FROM crm_former o JOIN crm_specialist_id s USING (legacy_id)
    JOIN crm_person p ON p.kind = 1 AND p.legacy_id = o.legacy_id
    JOIN crm_target t ON t.cluster = p.cluster
    UNION ALL
    SELECT t.id, u.id, 'R5', 'email', p.legacy_id, s.legacy_id
    FROM crm_mailbox m JOIN crm_specialist s USING (email) JOIN crm_person p USING (email)
    JOIN crm_target t ON t.cluster = p.cluster
    JOIN crm_specialist_target u ON u.cluster = s.cluster
    WHERE m.names <= 5
) v
LEFT JOIN crm_pair_decision d ON d.first_id = least(v.patient_row, v.specialist_row)
    AND d.second_id = greatest(v.patient_row, v.specialist_row)
ORDER BY v.patient_id, v.specialist_id, v.tier, v.because, v.patient_row, v.specialist_row
ON CONFLICT DO NOTHING;

-- make: pairs of specialists
-- if: crm_specialist
-- R2, R4: one address, other name or licence. R3: same name and hospital.
INSERT INTO patients_possibleduplicate (first_specialist_id, second_specialist_id, tier, evidence,
    state, decided_at, decided_by_id)
SELECT DISTINCT ON (least(s.id, t.id), greatest(s.id, t.id)) least(s.id, t.id),
    greatest(s.id, t.id), v.tier, jsonb_build_object('source', 'legacy_crm',
        'because', v.because, 'legacy_ids', jsonb_build_array(v.x, v.y)),
    coalesce(d.decision, 'open'), CASE WHEN d.decision <> 'later' THEN d.at END,
    CASE WHEN d.decision <> 'later' THEN d.by_id END
FROM (
    SELECT x.cluster AS a, y.cluster AS b, x.legacy_id AS x, y.legacy_id AS y,
        CASE WHEN crm_alike(x.first_key, x.last_key, y.first_key, y.last_key)
            THEN 'R4' ELSE 'R2' END AS tier, 'email' AS because
    FROM crm_mailbox m JOIN crm_specialist x USING (email) JOIN crm_specialist y USING (email)
    WHERE m.names <= 5 AND x.cluster < y.cluster
    UNION ALL
    SELECT x.cluster, y.cluster, x.legacy_id, y.legacy_id, 'R3', 'name_and_hospital'
    FROM crm_specialist x JOIN crm_specialist y USING (name_key, hospital_guid)
    WHERE x.cluster < y.cluster
    UNION ALL
    SELECT x.cluster, y.cluster, x.legacy_id, y.legacy_id, 'R4', 'same_evidence'
    FROM crm_specialist_split s JOIN crm_specialist x ON x.node = s.node
    JOIN (SELECT cluster, min(node) AS oldest FROM crm_specialist_split GROUP BY cluster) o
        ON o.cluster = s.cluster
    JOIN crm_specialist y ON y.node = o.oldest
    WHERE x.cluster <> y.cluster
) v
JOIN crm_specialist_target s ON s.cluster = v.a JOIN crm_specialist_target t ON t.cluster = v.b
LEFT JOIN crm_pair_decision d ON d.first_id = least(v.x, v.y) AND d.second_id = greatest(v.x, v.y)
ORDER BY least(s.id, t.id), greatest(s.id, t.id), v.tier DESC
ON CONFLICT DO NOTHING;
