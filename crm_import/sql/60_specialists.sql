-- Physicians and pharmacists.

-- step: targets of specialists
-- A member that came in an earlier run has a record; else there will be a new one.
CREATE TEMP TABLE crm_specialist_target ON COMMIT DROP AS
SELECT s.cluster, coalesce(k.target_id, portal_uuid7()) AS id, k.target_id IS NULL AS is_new
FROM (SELECT DISTINCT cluster FROM crm_specialist ORDER BY cluster) s
LEFT JOIN (
    SELECT DISTINCT s.cluster, k.id AS target_id
    FROM crm_specialist_known k JOIN crm_specialist s USING (node)
) k USING (cluster);

-- step: where specialists work
-- Lists are the portal's own once they came: what was deleted there is no target any more.
CREATE TEMP TABLE crm_workplace ON COMMIT DROP AS
SELECT x.legacy_id, h.id, h.id IS NULL AS deleted FROM crm_import_crosswalk x
LEFT JOIN patients_hospital h ON h.id = x.target_id
WHERE x.entity = 'Hospital' AND x.target_model = 'patients.hospital';

-- step: addresses of specialists
-- One address, one specialist: the first who has it.
CREATE TEMP TABLE crm_specialist_email ON COMMIT DROP AS
SELECT DISTINCT ON (cluster) cluster, email::varchar(254) AS email FROM (
    SELECT DISTINCT ON (s.email) s.cluster, s.email, s.modified, s.node
    FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
    LEFT JOIN crm_mailbox m USING (email)
    WHERE s.email IS NOT NULL AND coalesce(m.names, 1) <= 5 AND NOT EXISTS (
        SELECT FROM patients_specialist p
        WHERE lower(trim(p.email)) = s.email AND p.email <> '' AND p.id <> t.id)
    ORDER BY s.email, s.cluster
) e ORDER BY cluster, modified DESC NULLS LAST, node;

-- make: specialists
-- if: crm_specialist_target
INSERT INTO patients_specialist (id, created_at, first_name, last_name, email, phone, country,
    language, time_zone, contact_type, job_title, specialization_id, medical_license_number,
    hospital_id, is_active)
SELECT t.id, coalesce(s.created, r.started), s.names[1][1], s.names[1][2],
    coalesce(e.email, ''), '', '', '', '', s.role, coalesce(s.job_title[1], ''),
    s.specialization[1], coalesce(s.licence[1], ''), s.hospital[1], NOT s.inactive
FROM crm_specialist_target t
JOIN (
    SELECT s.cluster, min(s.created) AS created, min(s.role) AS role, bool_and(s.inactive)
            AS inactive,
        array_agg(ARRAY[s.first_name, s.last_name] ORDER BY s.first_key = '' OR s.last_key = '',
            s.last_name = upper(s.last_name) OR s.first_name = lower(s.first_name),
            octet_length(s.first_name || s.last_name) DESC, s.node) AS names,
        array_agg(s.job_title ORDER BY s.modified DESC NULLS LAST, s.node)
            FILTER (WHERE s.job_title <> '') AS job_title,
        array_agg(s.licence ORDER BY s.modified DESC NULLS LAST, s.node)
            FILTER (WHERE s.licence <> '') AS licence,
        array_agg(p.target_id ORDER BY s.modified DESC NULLS LAST, s.node)
            FILTER (WHERE p.target_id IS NOT NULL) AS specialization,
        array_agg(h.id ORDER BY s.modified DESC NULLS LAST, s.node)
            FILTER (WHERE h.id IS NOT NULL) AS hospital
    FROM crm_specialist s
    LEFT JOIN crm_specialization_target p ON p.legacy_id = s.specialization_guid
    LEFT JOIN crm_workplace h ON h.legacy_id = s.hospital_guid
    GROUP BY s.cluster
) s USING (cluster)
LEFT JOIN crm_specialist_email e USING (cluster)
CROSS JOIN crm_this r
WHERE t.is_new ORDER BY t.cluster;

-- step: legacy ids of specialists
-- if: crm_specialist
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
SELECT 'Contact', s.legacy_id, 'patients.specialist', t.id, coalesce(j.rule, 'first'), r.id
FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
LEFT JOIN (
    SELECT DISTINCT ON (e.b) e.b AS node, e.rule FROM crm_edge e ORDER BY e.b, e.rule DESC
) j USING (node)
CROSS JOIN crm_this r
WHERE NOT EXISTS (SELECT FROM crm_specialist_known k WHERE k.node = s.node)
ORDER BY s.legacy_id;

-- step: specialists by legacy id
CREATE TEMP TABLE crm_specialist_id ON COMMIT DROP AS
SELECT s.legacy_id, s.cluster, t.id, s.role::varchar(20) AS role FROM crm_specialist s
JOIN crm_specialist_target t USING (cluster);

-- statistics: crm_specialist_id
