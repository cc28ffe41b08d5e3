-- Patients and leads, and all their addresses.

-- step: targets of patients
-- One for each cluster: rows of an earlier run keep theirs.
CREATE TEMP TABLE crm_target ON COMMIT DROP AS
SELECT c.node AS cluster, coalesce(k.id, crm_id((SELECT portal_uuid7()), c.node)) AS id,
    k.id IS NULL AS is_new
FROM crm_person c LEFT JOIN (
    SELECT DISTINCT p.cluster, k.id FROM crm_known k JOIN crm_person p USING (node)
) k ON k.cluster = c.node
WHERE c.cluster = c.node ORDER BY c.node;

-- statistics: crm_target

-- step: addresses that several persons share
-- Whose own it is: the oldest person's. Nobody's when more than five names are behind it, or when
-- somebody else in the portal has it already.
CREATE TEMP TABLE crm_taken ON COMMIT DROP AS
SELECT p.cluster, p.email::varchar(254) AS email, (array_agg(x.id ORDER BY x.id))[1] AS patient_id
FROM crm_person p JOIN crm_target t USING (cluster)
JOIN patients_patient x ON lower(trim(x.email)) = p.email AND x.email <> ''
WHERE x.id <> t.id GROUP BY p.cluster, p.email;
CREATE TEMP TABLE crm_shared ON COMMIT DROP AS
SELECT p.email::varchar(254) AS email, CASE WHEN m.names <= 5 THEN min(p.cluster) END AS owner,
    min(p.cluster) <> max(p.cluster) OR m.names > 5 AS is_shared
FROM crm_person p JOIN crm_mailbox m USING (email)
WHERE NOT EXISTS (SELECT FROM crm_taken k WHERE k.email = p.email)
GROUP BY p.email, m.names
UNION ALL SELECT DISTINCT email, NULL::int, true FROM crm_taken;

-- statistics: crm_shared

-- step: patients of several rows
CREATE TEMP TABLE crm_merged ON COMMIT DROP AS
SELECT p.cluster,
    array_agg(ARRAY[p.first_name, p.last_name] ORDER BY p.first_key = '' OR p.last_key = '',
        p.last_name = upper(p.last_name) OR p.first_name = upper(p.first_name)
            OR p.last_name = lower(p.last_name),
        octet_length(p.first_name || p.last_name) DESC, p.node) AS names,
    array_agg(p.email ORDER BY p.modified DESC NULLS LAST, p.node)
        FILTER (WHERE p.email IS NOT NULL AND s.email IS NULL OR s.owner = p.cluster) AS emails,
    -- The Patient row is the clinical one; of several rows the last one changed.
    array_agg(p.condition_id ORDER BY p.kind DESC, p.modified DESC NULLS LAST, p.node)
        FILTER (WHERE p.condition_id IS NOT NULL) AS conditions,
    min(p.created) AS created, min(p.created) FILTER (WHERE p.kind = 1) AS first_form,
    bool_and(p.inactive) AS inactive
FROM crm_several c JOIN crm_person p USING (cluster) LEFT JOIN crm_shared s USING (email)
GROUP BY p.cluster;

-- step: what patient rows say of the patient
CREATE TEMP TABLE crm_course ON COMMIT DROP AS
SELECT n.cluster, min(crm_day(p.first_contact)) AS first_contact, min(crm_day(p.consult)) AS consult,
    min(p.created) AS converted,
    (array_agg(s.id ORDER BY p.modified DESC NULLS LAST, n.node)
        FILTER (WHERE s.role = 'physician'))[1] AS physician_id
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
LEFT JOIN crm_specialist_id s ON s.legacy_id = p.physician_guid
WHERE n.kind = 2 GROUP BY n.cluster;

-- statistics: crm_merged, crm_course

-- make: patients
-- if: crm_target WHERE is_new
INSERT INTO patients_patient (id, created_at, first_name, last_name, email, phone, country,
    language, time_zone, stage, closed_reason, medical_condition_id, physician_id,
    first_contact_at, initial_consult_at, converted_at, on_behalf_of_name, on_behalf_of_relation)
SELECT t.id, coalesce(m.created, p.created, r.started),
    coalesce(m.names[1][1], p.first_name), coalesce(m.names[1][2], p.last_name),
    coalesce(CASE WHEN m.cluster IS NOT NULL THEN m.emails[1]
        WHEN s.email IS NULL OR s.owner = p.cluster THEN p.email END, ''),
    '', '', '', '',
    CASE WHEN coalesce(m.inactive, p.inactive) THEN 'closed'
        WHEN c.cluster IS NOT NULL THEN 'patient' ELSE 'lead' END,
    CASE WHEN coalesce(m.inactive, p.inactive) THEN 'legacy_inactive' ELSE '' END,
    CASE WHEN m.cluster IS NOT NULL THEN m.conditions[1] ELSE p.condition_id END,
    c.physician_id,
    coalesce(least(crm_noon(c.first_contact), CASE WHEN m.cluster IS NOT NULL THEN m.first_form
        WHEN p.kind = 1 THEN p.created END), p.created, r.started),
    crm_noon(c.consult),
    CASE WHEN c.cluster IS NOT NULL
        THEN coalesce(c.converted, crm_noon(c.first_contact), r.started) END,
    '', ''
FROM crm_target t
JOIN crm_person p ON p.node = t.cluster
LEFT JOIN crm_merged m ON m.cluster = t.cluster
LEFT JOIN crm_course c ON c.cluster = t.cluster
LEFT JOIN crm_shared s ON s.email = p.email
CROSS JOIN crm_this r
WHERE t.is_new ORDER BY t.cluster;

-- step: legacy ids of patients
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.legacy_id, 'patients.patient',
    t.id, coalesce(j.rule, 'first'), r.id
FROM crm_person p JOIN crm_target t USING (cluster) LEFT JOIN crm_joined j USING (node)
CROSS JOIN crm_this r
-- Not ON CONFLICT, which descends the index twice for each row.
WHERE NOT EXISTS (SELECT FROM crm_known k WHERE k.node = p.node)
ORDER BY p.legacy_id; -- the order of the index: random ids would touch all of its pages
