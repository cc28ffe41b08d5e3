-- Submissions: one for every version of a Contact row of a patient, word for word.

-- step: versions of the form
CREATE TEMP TABLE crm_form ON COMMIT DROP AS
SELECT p.row_id, p.legacy_id, p.cluster, p.node, p.version, p.created, p.modified, true AS is_current,
    ('crm:' || p.legacy_id || ':' || p.version)::varchar(100) AS key
FROM crm_person p WHERE p.kind = 1 AND p.row_id NOT IN (SELECT row_id FROM crm_contact WHERE deleted)
UNION ALL (
    -- Of one version that was written several times the last one came in.
    SELECT DISTINCT ON (c.legacy_id, c.version, CASE WHEN c.version IS NULL THEN c.row_id END)
        c.row_id, c.legacy_id, p.cluster, p.node, c.version, c.created, c.modified, false,
        ('crm:' || p.legacy_id || ':' || c.version)::varchar(100)
    FROM crm_fate f JOIN crm_contact c ON c.row_id = f.row_id
    JOIN crm_person p ON p.kind = 1 AND p.legacy_id = c.legacy_id AND p.row_id <> c.row_id
    JOIN crm_contact n ON n.row_id = p.row_id
    WHERE f.entity = 'Contact' AND f.outcome = 'superseded' AND NOT c.deleted
        AND c.role NOT IN ('physician', 'pharmacist')
        AND (c.version IS NULL OR c.version IS DISTINCT FROM n.version OR n.deleted)
    ORDER BY c.legacy_id, c.version, CASE WHEN c.version IS NULL THEN c.row_id END, c.row_id DESC
);

-- step: forms without a version
-- if: crm_form WHERE version IS NULL
-- The content tells them apart.
UPDATE crm_form f SET key = 'crm:' || f.legacy_id || ':'
    || md5((to_jsonb(a) - ARRAY['id', 'file_id', 'record', 'absent', 'deleted', 'written'])::text)
FROM crm_import_legacycontact a WHERE f.version IS NULL AND a.id = f.row_id;

-- make: submissions
-- if: crm_form
-- The first version came in when the row was made, a later one when it was changed. The payload is
-- made of arrays: jsonb_build_object looks up each argument's type for each row, at twice the cost.
INSERT INTO patients_submission (id, created_at, patient_id, source, received_at, payload, match,
    match_evidence, idempotency_key)
SELECT crm_id((SELECT portal_uuid7()), row_number() OVER (ORDER BY f.node)), r.started, t.id, 'legacy_crm',
    coalesce(CASE WHEN f.is_current AND l.legacy_id IS NOT NULL THEN f.modified END, f.created,
        f.modified, r.started),
    jsonb_object(
        array_remove(ARRAY[CASE WHEN a.contactid <> '' THEN 'contactid' END,
            CASE WHEN a.firstname <> '' THEN 'firstname' END,
            CASE WHEN a.lastname <> '' THEN 'lastname' END,
            CASE WHEN a.email <> '' THEN 'email' END,
            CASE WHEN a.contact_type <> '' THEN 'contact_type' END,
            CASE WHEN a.medical_condition <> '' THEN 'medical_condition' END,
            CASE WHEN a.booking_date <> '' THEN 'booking_date' END,
            CASE WHEN a.reminder_date <> '' THEN 'reminder_date' END,
            CASE WHEN a.no_show <> '' THEN 'no_show' END,
            CASE WHEN a.job_title <> '' THEN 'job_title' END,
            CASE WHEN a.specialization <> '' THEN 'specialization' END,
            CASE WHEN a.medical_license_number <> '' THEN 'medical_license_number' END,
            CASE WHEN a.hospital <> '' THEN 'hospital' END,
            CASE WHEN a.createdon <> '' THEN 'createdon' END,
            CASE WHEN a.modifiedon <> '' THEN 'modifiedon' END,
            CASE WHEN a.statecode <> '' THEN 'statecode' END,
            CASE WHEN a.versionnumber <> '' THEN 'versionnumber' END], NULL),
        array_remove(ARRAY[a.contactid, a.firstname, a.lastname, a.email, a.contact_type,
            a.medical_condition, a.booking_date, a.reminder_date, a.no_show, a.job_title,
            a.specialization, a.medical_license_number, a.hospital, a.createdon, a.modifiedon,
            a.statecode, a.versionnumber], ''))
        || coalesce(a.extra, '{}'),
    CASE WHEN f.node <> f.cluster OR NOT t.is_new THEN 'joined'
        WHEN u.cluster IS NOT NULL THEN 'ambiguous' ELSE 'new' END,
    ('{"table": "Contact", "legacy_id": "' || f.legacy_id || '", "version": '
        || coalesce(f.version::text, 'null') || '}')::jsonb,
    f.key
FROM crm_form f
JOIN crm_target t USING (cluster)
JOIN crm_import_legacycontact a ON a.id = f.row_id
LEFT JOIN (SELECT DISTINCT legacy_id FROM crm_form WHERE NOT is_current) l
    ON l.legacy_id = f.legacy_id
LEFT JOIN (SELECT a AS cluster FROM crm_pair UNION SELECT b FROM crm_pair) u
    ON u.cluster = f.cluster
CROSS JOIN crm_this r
WHERE NOT EXISTS (
    SELECT FROM patients_submission s WHERE s.source = 'legacy_crm' AND s.idempotency_key = f.key)
ORDER BY f.node;
