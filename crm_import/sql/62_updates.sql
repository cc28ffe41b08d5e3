-- What rows of known people say anew. A field that is as an import left it follows the CRM; one
-- that a person changed or decided here stays, and is a conflict (sql/94_conflicts.sql).

-- step: versions that were imported before
-- Those that records follow: a version in quarantine changed nothing here.
CREATE TEMP TABLE crm_before ON COMMIT DROP AS
SELECT DISTINCT ON (v.entity, v.legacy_id) v.entity::varchar(20) AS entity, v.legacy_id, v.row_id
FROM crm_fate f JOIN (
    SELECT 'Contact' AS entity, row_id, legacy_id, version, modified FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, legacy_id, version, modified FROM crm_patient
    UNION ALL SELECT 'EAPDossier', row_id, legacy_id, version, modified FROM crm_dossier
) v USING (entity, row_id)
WHERE f.outcome = 'superseded' AND EXISTS (
    SELECT FROM crm_import_rowoutcome o WHERE o.entity = v.entity AND o.row = v.row_id
        AND o.outcome IN ('imported', 'merged'))
ORDER BY v.entity, v.legacy_id, v.version DESC NULLS LAST, v.modified DESC NULLS LAST,
    v.row_id DESC;

-- statistics: crm_before

-- step: people with something to say
-- Known ones with new rows; and new ones whose rows disagree.
CREATE TEMP TABLE crm_spoken ON COMMIT DROP AS
SELECT t.cluster, t.id, false AS is_new FROM crm_target t
WHERE NOT t.is_new AND t.cluster IN (SELECT cluster FROM crm_person WHERE fresh)
UNION ALL
SELECT p.cluster, t.id, true
FROM crm_several c JOIN crm_person p USING (cluster) JOIN crm_target t USING (cluster)
WHERE t.is_new GROUP BY p.cluster, t.id
HAVING min(p.email) <> max(p.email) OR min(p.condition_id::text) <> max(p.condition_id::text)
    OR min(p.name_key) FILTER (WHERE p.first_key <> '' AND p.last_key <> '')
        <> max(p.name_key) FILTER (WHERE p.first_key <> '' AND p.last_key <> '');

-- statistics: crm_spoken

-- step: what rows say
-- Of a field the row of the lowest rank speaks, then the one changed last. Equal keys are equal
-- values; a blank key says nothing, and `?` something that cannot be used (rank 9). What does not
-- `count` is no part of a conflict. Values are as JSON, ids as text.
CREATE TEMP TABLE crm_says (target_model text, target_id uuid, is_new boolean, field text,
    entity text, row_id bigint, legacy_id uuid, place int, modified timestamptz, value jsonb,
    key text, rank int, changed boolean, counts boolean, plain boolean) ON COMMIT DROP;

-- step: what each row says of a patient
-- if: crm_spoken
INSERT INTO crm_says
SELECT 'patients.patient', v.target_id, v.is_new, f.field, v.entity, v.row_id, v.legacy_id, v.node,
    v.modified, f.value, f.key, f.rank, v.is_first OR f.changed, f.counts, v.plain
FROM (
    SELECT s.id AS target_id, s.is_new, p.*, c.condition AS condition_cell, q.condition_guid,
        q.physician_guid, q.first_contact, q.consult, b.row_id AS before,
        coalesce(oc.first_name, oq.first_name) AS first_before,
        coalesce(oc.last_name, oq.last_name) AS last_before,
        coalesce(oc.email, oq.email) AS email_before, oc.condition AS condition_before,
        oq.condition_guid AS condition_guid_before, oq.physician_guid AS physician_before,
        oq.first_contact AS first_contact_before, oq.consult AS consult_before,
        CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END AS entity,
        p.fresh AND b.row_id IS NULL AS is_first,
        p.first_key = '' OR p.last_key = '' AS is_half,
        p.last_name = upper(p.last_name) OR p.first_name = upper(p.first_name)
            OR p.last_name = lower(p.last_name) AS plain,
        max(CASE p.kind WHEN 2 THEN p.modified END) OVER (PARTITION BY p.cluster) AS clinical,
        h.email IS NULL OR coalesce(h.owner = p.cluster, false) AS is_own,
        p.email = lower(trim(x.email)) AS is_email_now, x.stage AS stage_now, d.id AS physician_id,
        d.id = x.physician_id AS is_physician_now
    FROM crm_spoken s JOIN crm_person p USING (cluster)
    JOIN patients_patient x ON x.id = s.id
    LEFT JOIN crm_shared h ON h.email = p.email
    LEFT JOIN crm_contact c ON p.kind = 1 AND c.row_id = p.row_id
    LEFT JOIN crm_patient q ON p.kind = 2 AND q.row_id = p.row_id
    LEFT JOIN crm_specialist_id d ON d.legacy_id = q.physician_guid AND d.role = 'physician'
    LEFT JOIN crm_before b ON b.legacy_id = p.legacy_id AND p.fresh
        AND b.entity = CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END
    LEFT JOIN crm_contact oc ON p.kind = 1 AND oc.row_id = b.row_id
    LEFT JOIN crm_patient oq ON p.kind = 2 AND oq.row_id = b.row_id
) v
CROSS JOIN LATERAL (VALUES
    -- The Patient row is the clinical one, unless it is a year older than the Contact.
    ('name', true, jsonb_build_object('first_name', v.first_name, 'last_name', v.last_name),
        v.name_key, CASE WHEN v.is_half THEN 8 WHEN v.kind = 2 THEN 2
            WHEN v.modified > v.clinical + interval '1 year' THEN 1 ELSE 3 END,
        v.before IS NOT NULL
            AND (v.first_name, v.last_name) <> (v.first_before, v.last_before), NOT v.is_half),
    ('email', true, to_jsonb(v.email), CASE WHEN v.email IS NOT NULL THEN v.email
            WHEN EXISTS (SELECT FROM crm_odd_email o WHERE o.entity = v.entity
                AND o.row_id = v.row_id AND NOT o.placeholder) THEN '?' ELSE '' END,
        CASE WHEN v.email IS NULL OR NOT v.is_own THEN 9
            WHEN v.is_email_now OR v.is_first
                OR v.before IS NOT NULL AND v.email IS DISTINCT FROM v.email_before THEN 1
            ELSE 5 END,
        v.before IS NOT NULL AND v.email IS DISTINCT FROM v.email_before, v.is_own),
    ('medical_condition', true, to_jsonb(v.condition_id), CASE
            WHEN v.condition_id IS NOT NULL THEN v.condition_id::text
            WHEN v.condition_cell = '' OR v.condition_guid IS NOT NULL THEN '?' ELSE '' END,
        CASE WHEN v.condition_id IS NULL THEN 9 WHEN v.kind = 2 THEN 1 ELSE 2 END,
        v.before IS NOT NULL AND (v.condition_cell IS DISTINCT FROM v.condition_before
            OR v.condition_guid IS DISTINCT FROM v.condition_guid_before), true),
    ('physician', v.kind = 2, to_jsonb(v.physician_id), CASE
            WHEN v.physician_id IS NOT NULL THEN v.physician_id::text
            WHEN v.physician_guid IS NOT NULL THEN '?' ELSE '' END,
        CASE WHEN v.physician_id IS NULL THEN 9
            WHEN v.is_physician_now OR v.is_first OR v.before IS NOT NULL
                AND v.physician_guid IS DISTINCT FROM v.physician_before THEN 1 ELSE 5 END,
        v.before IS NOT NULL AND v.physician_guid IS DISTINCT FROM v.physician_before, true),
    -- Of several days the first.
    ('first_contact_at', v.kind = 2, to_jsonb(crm_noon(crm_day(v.first_contact))),
        coalesce(crm_day(v.first_contact)::text, ''),
        crm_day(v.first_contact) - date '1900-01-01' + 10,
        v.before IS NOT NULL AND v.first_contact IS DISTINCT FROM v.first_contact_before, false),
    ('initial_consult_at', v.kind = 2, to_jsonb(crm_noon(crm_day(v.consult))),
        coalesce(crm_day(v.consult)::text, ''), crm_day(v.consult) - date '1900-01-01' + 10,
        v.before IS NOT NULL AND v.consult IS DISTINCT FROM v.consult_before, false),
    -- A lead whose first Patient row came was converted in the CRM.
    ('stage', v.kind = 2 AND v.is_first AND v.stage_now = 'lead', '"patient"'::jsonb, 'patient', 1,
        true, true)
) f (field, applies, value, key, rank, changed, counts)
WHERE f.applies;

-- step: specialists with something to say
-- if: crm_specialist WHERE fresh
INSERT INTO crm_says
SELECT 'patients.specialist', v.target_id, v.is_new, f.field, 'Contact', v.row_id, v.legacy_id,
    v.node, v.modified, f.value, f.key,
    CASE WHEN f.key IN ('', '?') THEN 9 WHEN f.is_unusable THEN f.worst
        WHEN v.is_first OR f.changed OR f.is_now THEN 1 ELSE 5 END,
    v.is_first OR f.changed, NOT f.is_unusable, v.plain
FROM (
    SELECT t.id AS target_id, t.is_new, s.*, s.fresh AND b.row_id IS NULL AS is_first,
        b.row_id IS NOT NULL AS is_newer,
        o.first_name AS first_before, o.last_name AS last_before, o.email AS email_before,
        a.job_title AS title_cell, z.job_title AS title_before,
        a.medical_license_number AS licence_cell, z.medical_license_number AS licence_before,
        crm_guid(z.hospital) AS hospital_before, crm_guid(z.specialization) AS special_before,
        w.id AS hospital_id, y.target_id AS specialization_id, e.email AS own_email,
        k.first_name AS first_now, k.last_name AS last_now, k.email AS email_now,
        k.job_title AS title_now, k.medical_license_number AS licence_now,
        k.hospital_id AS hospital_now, k.specialization_id AS special_now,
        s.last_name = upper(s.last_name) OR s.first_name = lower(s.first_name) AS plain
    FROM (
        SELECT t.* FROM crm_specialist_target t JOIN crm_specialist s USING (cluster)
        GROUP BY t.cluster, t.id, t.is_new
        HAVING bool_or(s.fresh) AND (NOT t.is_new OR count(*) > 1)
    ) t
    JOIN crm_specialist s USING (cluster)
    JOIN patients_specialist k ON k.id = t.id
    JOIN crm_import_legacycontact a ON a.id = s.row_id
    LEFT JOIN crm_specialist_email e USING (cluster)
    LEFT JOIN crm_workplace w ON w.legacy_id = s.hospital_guid
    LEFT JOIN crm_specialization_target y ON y.legacy_id = s.specialization_guid
    LEFT JOIN crm_before b ON b.entity = 'Contact' AND b.legacy_id = s.legacy_id AND s.fresh
    LEFT JOIN crm_contact o ON o.row_id = b.row_id
    LEFT JOIN crm_import_legacycontact z ON z.id = b.row_id
) v
CROSS JOIN LATERAL (VALUES
    ('name', jsonb_build_object('first_name', v.first_name, 'last_name', v.last_name), v.name_key,
        v.is_newer AND (v.first_name, v.last_name) <> (v.first_before, v.last_before),
        (v.first_name, v.last_name) = (v.first_now, v.last_now),
        v.first_key = '' OR v.last_key = '', 8),
    ('email', to_jsonb(v.email), coalesce(v.email, ''),
        v.is_newer AND v.email IS DISTINCT FROM v.email_before,
        v.email = lower(trim(v.email_now)),
        v.email IS DISTINCT FROM v.own_email AND v.email IS DISTINCT FROM lower(trim(v.email_now)),
        9),
    ('job_title', to_jsonb(nullif(v.job_title, '')), v.job_title,
        v.is_newer AND v.title_cell <> v.title_before, v.job_title = v.title_now, false, 9),
    ('medical_license_number', to_jsonb(nullif(v.licence, '')), v.licence_key,
        v.is_newer AND v.licence_cell <> v.licence_before, v.licence = v.licence_now, false, 9),
    ('hospital', to_jsonb(v.hospital_id), CASE WHEN v.hospital_guid IS NULL THEN ''
            ELSE coalesce(v.hospital_id::text, '?') END,
        v.is_newer AND v.hospital_guid IS DISTINCT FROM v.hospital_before,
        v.hospital_id = v.hospital_now, false, 9),
    ('specialization', to_jsonb(v.specialization_id), CASE WHEN v.specialization_guid IS NULL
            THEN '' ELSE coalesce(v.specialization_id::text, '?') END,
        v.is_newer AND v.specialization_guid IS DISTINCT FROM v.special_before,
        v.specialization_id = v.special_now, false, 9)
) f (field, value, key, changed, is_now, is_unusable, worst);

-- statistics: crm_says

-- step: values that should hold
CREATE TEMP TABLE crm_chosen ON COMMIT DROP AS
WITH spoke AS (
    SELECT DISTINCT ON (target_model, target_id, field) target_model, target_id, field, key, rank,
        entity
    FROM crm_says WHERE key <> ''
    ORDER BY target_model, target_id, field, rank, modified DESC NULLS LAST, place
)
-- Of one value the best spelling.
SELECT DISTINCT ON (c.target_model, c.target_id, c.field) c.*, s.value
FROM spoke c JOIN crm_says s USING (target_model, target_id, field, key)
ORDER BY c.target_model, c.target_id, c.field, s.plain, octet_length(s.value::text) DESC, s.place;

-- step: what is compared with the portal
CREATE TEMP TABLE crm_update (target_model text, target_id uuid, field text, value jsonb,
    now jsonb, ours boolean, doubtful boolean DEFAULT false) ON COMMIT DROP;

-- step: fields that the CRM changed
-- if: crm_says WHERE changed AND NOT is_new
WITH said AS (
    SELECT target_model, target_id, field FROM crm_says WHERE NOT is_new
    GROUP BY 1, 2, 3 HAVING bool_or(changed)
), held AS (
    SELECT 'patients.patient' AS target_model, x.id AS target_id, f.field, f.value
    FROM crm_spoken s JOIN patients_patient x ON x.id = s.id
    CROSS JOIN LATERAL (VALUES
        ('name', jsonb_build_object('first_name', x.first_name, 'last_name', x.last_name)),
        ('email', to_jsonb(nullif(lower(trim(x.email)), ''))),
        ('medical_condition', to_jsonb(x.medical_condition_id)),
        ('physician', to_jsonb(x.physician_id)),
        ('first_contact_at', to_jsonb(x.first_contact_at)),
        ('initial_consult_at', to_jsonb(x.initial_consult_at)),
        ('stage', to_jsonb(x.stage))) f (field, value)
    WHERE NOT s.is_new
    UNION ALL
    SELECT 'patients.specialist', k.id, f.field, f.value
    FROM patients_specialist k
    CROSS JOIN LATERAL (VALUES
        ('name', jsonb_build_object('first_name', k.first_name, 'last_name', k.last_name)),
        ('email', to_jsonb(nullif(lower(trim(k.email)), ''))),
        ('job_title', to_jsonb(nullif(k.job_title, ''))),
        ('medical_license_number', to_jsonb(nullif(k.medical_license_number, ''))),
        ('hospital', to_jsonb(k.hospital_id)),
        ('specialization', to_jsonb(k.specialization_id))) f (field, value)
    WHERE k.id IN (SELECT target_id FROM said WHERE target_model = 'patients.specialist')
), due AS (
    SELECT s.*, h.value AS now, c.key, CASE s.field
        -- A form that was filled in earlier was the first contact.
        WHEN 'first_contact_at' THEN to_jsonb(least((c.value #>> '{}')::timestamptz, m.first_form))
        ELSE c.value END AS value
    FROM said s
    JOIN held h USING (target_model, target_id, field)
    LEFT JOIN crm_chosen c USING (target_model, target_id, field)
    LEFT JOIN crm_spoken p ON s.target_model = 'patients.patient' AND p.id = s.target_id
    LEFT JOIN crm_merged m ON m.cluster = p.cluster
    WHERE c.rank IS DISTINCT FROM 9 AND (s.field <> 'first_contact_at' OR c.value IS NOT NULL)
)
INSERT INTO crm_update
SELECT target_model, target_id, field, value, now, false FROM due
WHERE value IS DISTINCT FROM now;

-- statistics: crm_update

-- step: fields that are as an import left them
-- if: crm_update
-- Whose the value is, history knows: the last time that a run set it, it set it to this.
WITH told AS (
    SELECT u.target_model, u.target_id, u.field, e.pgh_id, c.metadata ? 'run' AS by_run, f.value
    FROM crm_update u JOIN patients_patientevent e ON e.pgh_obj_id = u.target_id
    LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
    CROSS JOIN LATERAL (SELECT CASE u.field
        WHEN 'name' THEN jsonb_build_object('first_name', e.first_name, 'last_name', e.last_name)
        WHEN 'email' THEN to_jsonb(nullif(lower(trim(e.email)), ''))
        WHEN 'medical_condition' THEN to_jsonb(e.medical_condition_id)
        WHEN 'physician' THEN to_jsonb(e.physician_id)
        WHEN 'first_contact_at' THEN to_jsonb(e.first_contact_at)
        WHEN 'initial_consult_at' THEN to_jsonb(e.initial_consult_at)
        ELSE to_jsonb(e.stage) END AS value) f
    WHERE u.target_model = 'patients.patient'
    UNION ALL
    SELECT u.target_model, u.target_id, u.field, e.pgh_id, c.metadata ? 'run', f.value
    FROM crm_update u JOIN patients_specialistevent e ON e.pgh_obj_id = u.target_id
    LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
    CROSS JOIN LATERAL (SELECT CASE u.field
        WHEN 'name' THEN jsonb_build_object('first_name', e.first_name, 'last_name', e.last_name)
        WHEN 'email' THEN to_jsonb(nullif(lower(trim(e.email)), ''))
        WHEN 'job_title' THEN to_jsonb(nullif(e.job_title, ''))
        WHEN 'medical_license_number' THEN to_jsonb(nullif(e.medical_license_number, ''))
        WHEN 'hospital' THEN to_jsonb(e.hospital_id)
        ELSE to_jsonb(e.specialization_id) END AS value) f
    WHERE u.target_model = 'patients.specialist'
), turned AS (
    SELECT *, row_number() OVER w = 1 OR value IS DISTINCT FROM lag(value) OVER w AS is_set
    FROM told WINDOW w AS (PARTITION BY target_model, target_id, field ORDER BY pgh_id)
), written AS (
    SELECT DISTINCT ON (target_model, target_id, field) target_model, target_id, field, value
    FROM turned WHERE by_run AND is_set ORDER BY target_model, target_id, field, pgh_id DESC
)
UPDATE crm_update u SET ours = true FROM written w
WHERE w.target_model = u.target_model AND w.target_id = u.target_id AND w.field = u.field
    AND w.value IS NOT DISTINCT FROM u.now;
-- Another name altogether may be another person: nothing of that row is taken over.
UPDATE crm_update u SET ours = false, doubtful = true
FROM (
    SELECT u.target_model, u.target_id FROM crm_update u
    CROSS JOIN LATERAL (SELECT
            crm_key(u.now ->> 'first_name') AS first_now,
            crm_key(u.now ->> 'last_name') AS last_now,
            crm_key(u.value ->> 'first_name') AS first,
            crm_key(u.value ->> 'last_name') AS last) k
    WHERE u.field = 'name' AND ARRAY[k.first, k.last] <> ARRAY['', '']
        AND NOT array_remove(ARRAY[k.first, k.last], '')
            && array_remove(ARRAY[k.first_now, k.last_now], '')
        AND NOT crm_alike(k.first_now, k.last_now, k.first, k.last)
) d
WHERE d.target_model = u.target_model AND d.target_id = u.target_id;
-- What somebody decided stays, and nothing about a restricted person changes.
UPDATE crm_update u SET ours = false
WHERE u.ours AND (EXISTS (
        SELECT FROM crm_import_fieldconflict k
        WHERE k.state = 'decided' AND k.target_model = u.target_model AND k.field = u.field
            AND CASE k.target_model WHEN 'patients.patient' THEN k.patient_id
                ELSE k.target_id END = u.target_id)
    OR u.target_model = 'patients.patient' AND EXISTS (
        SELECT FROM patients_patient x WHERE x.id = u.target_id AND x.processing_restricted));

-- step: addresses that changed
-- if: crm_update
-- The old one becomes a further contact point. It says nothing about consent.
INSERT INTO patients_contactpoint (patient_id, kind, value, origin, remark)
SELECT x.id, 'email', x.email, 'legacy_crm', ''
FROM crm_update u JOIN patients_patient x ON x.id = u.target_id
WHERE u.target_model = 'patients.patient' AND u.field = 'email' AND u.ours AND x.email <> ''
ON CONFLICT DO NOTHING;
DELETE FROM patients_contactpoint p USING crm_update u
WHERE u.target_model = 'patients.patient' AND u.field = 'email' AND u.ours
    AND p.patient_id = u.target_id AND p.kind = 'email' AND p.origin = 'legacy_crm'
    AND lower(trim(p.value)) = u.value #>> '{}';

-- change: patients
-- if: crm_update WHERE ours
WITH v AS (
    SELECT u.target_id AS id, jsonb_object_agg(u.field, u.value) AS said FROM crm_update u
    WHERE u.target_model = 'patients.patient' AND u.ours GROUP BY u.target_id
)
UPDATE patients_patient x SET
    first_name = CASE WHEN said ? 'name' THEN said #>> '{name,first_name}' ELSE x.first_name END,
    last_name = CASE WHEN said ? 'name' THEN said #>> '{name,last_name}' ELSE x.last_name END,
    email = CASE WHEN said ? 'email' THEN coalesce(said ->> 'email', '') ELSE x.email END,
    medical_condition_id = CASE WHEN said ? 'medical_condition'
        THEN (said ->> 'medical_condition')::uuid ELSE x.medical_condition_id END,
    physician_id = CASE WHEN said ? 'physician'
        THEN (said ->> 'physician')::uuid ELSE x.physician_id END,
    first_contact_at = CASE WHEN said ? 'first_contact_at'
        THEN (said ->> 'first_contact_at')::timestamptz ELSE x.first_contact_at END,
    initial_consult_at = CASE WHEN said ? 'initial_consult_at'
        THEN (said ->> 'initial_consult_at')::timestamptz ELSE x.initial_consult_at END,
    stage = CASE WHEN said ? 'stage' THEN said ->> 'stage' ELSE x.stage END,
    converted_at = CASE WHEN said ? 'stage' THEN coalesce(c.converted, r.started)
        ELSE x.converted_at END
FROM v JOIN crm_spoken s USING (id) LEFT JOIN crm_course c USING (cluster) CROSS JOIN crm_this r
WHERE x.id = v.id;

-- change: specialists
-- if: crm_update WHERE ours
WITH v AS (
    SELECT u.target_id AS id, jsonb_object_agg(u.field, u.value) AS said FROM crm_update u
    WHERE u.target_model = 'patients.specialist' AND u.ours GROUP BY u.target_id
)
UPDATE patients_specialist k SET
    first_name = CASE WHEN said ? 'name' THEN said #>> '{name,first_name}' ELSE k.first_name END,
    last_name = CASE WHEN said ? 'name' THEN said #>> '{name,last_name}' ELSE k.last_name END,
    email = CASE WHEN said ? 'email' THEN coalesce(said ->> 'email', '') ELSE k.email END,
    job_title = CASE WHEN said ? 'job_title' THEN coalesce(said ->> 'job_title', '')
        ELSE k.job_title END,
    medical_license_number = CASE WHEN said ? 'medical_license_number'
        THEN coalesce(said ->> 'medical_license_number', '') ELSE k.medical_license_number END,
    hospital_id = CASE WHEN said ? 'hospital' THEN (said ->> 'hospital')::uuid
        ELSE k.hospital_id END,
    specialization_id = CASE WHEN said ? 'specialization' THEN (said ->> 'specialization')::uuid
        ELSE k.specialization_id END
FROM v WHERE k.id = v.id;
