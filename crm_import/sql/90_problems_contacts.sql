-- What a person should know about Contact rows and about the lists. Codes and ids, nothing else.

-- step: problems of quarantined rows
CREATE TEMP TABLE crm_problem (entity varchar(20), row_id bigint, code varchar(60),
    severity varchar(10), field varchar(40), note varchar(300)) ON COMMIT DROP;
INSERT INTO crm_problem
SELECT f.entity, f.row_id, f.reason, 'error', CASE f.reason
        WHEN 'bad_id' THEN 'id' WHEN 'no_name' THEN 'name' WHEN 'unmapped_product' THEN 'product'
        WHEN 'routing_missing' THEN 'contact_type' WHEN 'routing_unmapped' THEN 'contact_type'
        WHEN 'version_conflict' THEN 'versionnumber'
        WHEN 'dossier_conflict' THEN 'eap_number' WHEN 'no_number' THEN 'eap_number'
        WHEN 'number_doubtful' THEN 'eap_number'
        WHEN 'no_patient' THEN 'patient'
        ELSE '' END, ''
FROM crm_fate f WHERE f.outcome = 'quarantined';

-- step: problems of dates and links
INSERT INTO crm_problem
SELECT b.entity, b.row_id, b.code, 'warning', b.field, '' FROM crm_bad_date b
UNION ALL
SELECT p.entity, p.row_id, 'pending_link', 'warning', p.field, 'missing ' || p.missing
FROM crm_pending p;

-- step: problems of addresses
INSERT INTO crm_problem
SELECT entity, row_id, CASE WHEN bool_and(placeholder) THEN 'email_placeholder'
        WHEN count(email) > 1 THEN 'two_emails' ELSE 'email_invalid' END,
    CASE WHEN bool_and(placeholder) THEN 'info' ELSE 'warning' END, 'email', ''
FROM crm_odd_email GROUP BY entity, row_id
HAVING bool_and(placeholder) OR count(email) <> 1
UNION ALL
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.row_id, 'role_mailbox', 'info',
    'email', m.names || ' names'
FROM crm_mailbox m JOIN crm_person p USING (email) WHERE m.names > 5
UNION ALL
SELECT 'Contact', s.row_id, 'email_not_kept', 'warning', 'email', 'another specialist has it'
FROM crm_specialist s LEFT JOIN crm_specialist_email e USING (cluster)
WHERE s.email IS NOT NULL AND s.email IS DISTINCT FROM e.email;

-- step: problems of names
INSERT INTO crm_problem
SELECT v.entity, v.row_id, n.code, n.severity, 'name', ''
FROM (
    SELECT 'Contact' AS entity, row_id, first_name, last_name, first_key, last_key FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, first_name, last_name, first_key, last_key FROM crm_patient
) v
CROSS JOIN LATERAL (
    SELECT 'lossy_text' AS code, 'warning' AS severity
    WHERE (first_name || ' ' || last_name) ~ E'[A-Za-z][?][A-Za-z]|\ufffd'
    UNION ALL SELECT 'name_split_proposed', 'info' WHERE first_name = '' AND last_name ~ '\S \S'
    UNION ALL SELECT 'looks_like_test', 'info'
    WHERE first_key IN ('test', 'asdf', 'qwerty', 'dummy')
        OR last_key IN ('test', 'asdf', 'qwerty', 'dummy')
) n
WHERE v.first_name = '' OR v.first_key IN ('test', 'asdf', 'qwerty', 'dummy')
    OR v.last_key IN ('test', 'asdf', 'qwerty', 'dummy')
    OR strpos(v.first_name, '?') + strpos(v.last_name, '?')
        + strpos(v.first_name, E'\ufffd') + strpos(v.last_name, E'\ufffd') > 0;
INSERT INTO crm_problem
SELECT entity, row_id, 'looks_like_test', 'info', 'name', '' FROM crm_invented;
DELETE FROM crm_problem p USING crm_fate f
WHERE p.code = 'looks_like_test' AND f.reason = 'test_record'
    AND f.entity = p.entity AND f.row_id = p.row_id;
INSERT INTO crm_problem
SELECT a.entity, a.id, 'encoding_repaired', 'info', 'name', '' FROM (
    SELECT 'Contact' AS entity, id, firstname, lastname FROM crm_import_legacycontact
    UNION ALL SELECT 'Patient', id, firstname, lastname FROM crm_import_legacypatient
) a
WHERE ((SELECT whole FROM crm_this) OR (a.entity, a.id) IN (SELECT entity, row_id FROM crm_scope))
    AND octet_length(a.firstname) + octet_length(a.lastname)
        > length(a.firstname) + length(a.lastname)
    AND ((a.firstname ~ E'[\u00c2-\u00ef]' AND crm_repaired(a.firstname) <> a.firstname)
        OR (a.lastname ~ E'[\u00c2-\u00ef]' AND crm_repaired(a.lastname) <> a.lastname));

-- step: words that are neither yes nor no
INSERT INTO crm_problem
SELECT 'Contact', a.id, 'unmapped', 'warning', 'no_show', ''
FROM (SELECT no_show FROM crm_import_legacycontact GROUP BY no_show
    HAVING btrim(no_show) <> '' AND crm_flag(no_show) IS NULL) w
JOIN crm_import_legacycontact a USING (no_show)
UNION ALL
SELECT a.entity, a.id, 'unmapped', 'warning', 'statecode', ''
FROM (
    SELECT 'Contact' AS entity, id, statecode FROM crm_import_legacycontact
    UNION ALL SELECT 'Patient', id, statecode FROM crm_import_legacypatient
    UNION ALL SELECT 'EAPDossier', id, statecode FROM crm_import_legacydossier
) a
WHERE ((SELECT whole FROM crm_this) OR (a.entity, a.id) IN (SELECT entity, row_id FROM crm_scope))
    AND crm_inactive(a.statecode) IS NULL;

-- step: problems of what was deleted here
INSERT INTO crm_problem
SELECT f.entity, f.row_id, 'deleted_here', 'warning', '', '' FROM crm_fate f
WHERE f.outcome = 'ignored' AND f.reason = 'deleted_here' AND NOT EXISTS (
    SELECT FROM crm_import_rowoutcome o WHERE o.entity = f.entity AND o.row = f.row_id)
UNION ALL
SELECT 'Contact', s.row_id, 'deleted_here', 'warning', 'hospital', ''
FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
JOIN crm_workplace w ON w.legacy_id = s.hospital_guid WHERE t.is_new AND w.deleted
UNION ALL
SELECT 'Contact', s.row_id, 'deleted_here', 'warning', 'specialization', ''
FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
JOIN crm_specialization_target w ON w.legacy_id = s.specialization_guid
WHERE t.is_new AND w.target_id IS NULL
UNION ALL
SELECT 'Patient', n.row_id, 'deleted_here', 'warning', 'physician', ''
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
JOIN crm_contact c ON c.legacy_id = p.physician_guid
JOIN crm_fate f ON f.entity = 'Contact' AND f.row_id = c.row_id AND f.outcome = 'ignored'
WHERE n.kind = 2 AND n.fresh;

-- step: problems of persons
INSERT INTO crm_problem
SELECT 'Contact', p.row_id, CASE WHEN p.booking_at IS NULL THEN 'no_show_without_booking'
    ELSE 'no_show_future' END, 'warning', 'no_show', ''
FROM crm_person p, crm_this r
WHERE p.kind = 1 AND p.no_show AND (p.booking_at IS NULL OR p.booking_at > r.started)
    AND NOT EXISTS (SELECT FROM crm_booking b WHERE b.legacy_id = p.legacy_id AND b.by_next);
INSERT INTO crm_problem
SELECT 'Contact', b.row_id, 'rule_6', 'info', 'booking_date', 'a call ahead of an inactive row'
FROM crm_booking b WHERE b.is_new AND b.reason = 'Inactive in the legacy CRM.'
UNION ALL
SELECT 'Contact', o.current_row, 'both_roles', 'warning', 'contact_type', ''
FROM crm_former o;
INSERT INTO crm_problem
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.row_id, 'rule_7', 'warning', '',
    'added to a restricted patient'
FROM crm_person p JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
WHERE p.fresh AND NOT t.is_new AND x.processing_restricted;
INSERT INTO crm_problem
SELECT 'Contact', p.row_id, CASE WHEN p.booking_at IS NULL THEN 'reminder_without_booking'
    ELSE 'reminder_after_booking' END, 'warning', 'reminder_date', ''
FROM crm_person p
WHERE p.reminder_at IS NOT NULL AND (p.booking_at IS NULL OR p.reminder_at > p.booking_at);
INSERT INTO crm_problem
SELECT 'Contact', c.row_id, CASE WHEN a.medical_condition ~ ',' THEN 'multi_value'
    ELSE 'unmapped' END, 'warning', 'medical_condition', ''
FROM crm_contact c JOIN crm_import_legacycontact a ON a.id = c.row_id WHERE c.condition = ''
UNION ALL
SELECT 'Contact', row_id, 'routed_by_patient_row', 'info', 'contact_type', '' FROM crm_routed
WHERE is_patient
UNION ALL
-- Only specialists have these. Which kind they are is for a person to say.
SELECT 'Contact', c.row_id, 'specialist_proposed', 'info', 'contact_type', 'perhaps a specialist: '
    || concat_ws(', ', s.has_licence, s.has_specialization)
FROM crm_routed c JOIN crm_import_legacycontact a ON a.id = c.row_id
CROSS JOIN LATERAL (SELECT
    CASE WHEN NOT crm_blank(crm_key(crm_tidy(a.medical_license_number)))
        THEN 'has a licence number' END AS has_licence,
    CASE WHEN NOT crm_blank(crm_key(crm_tidy(a.specialization)))
        THEN 'has a specialization' END AS has_specialization
) s
WHERE NOT c.is_patient AND btrim(a.contact_type) = ''
    AND (s.has_licence IS NOT NULL OR s.has_specialization IS NOT NULL)
UNION ALL
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.row_id, 'inactive', 'info',
    'statecode', '' FROM crm_person p WHERE p.inactive
UNION ALL
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.row_id, 'condition_conflict',
    'warning', 'medical_condition', ''
FROM crm_condition_conflict k JOIN crm_person p USING (cluster) WHERE p.condition_id IS NOT NULL
UNION ALL
SELECT 'Contact', b.row_id, 'overlapping_bookings', 'warning', 'booking_date', ''
FROM crm_booking b WHERE b.clashes
UNION ALL
SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END, p.row_id, 'large_cluster', 'warning',
    '', count(*) OVER (PARTITION BY p.cluster) || ' rows of one person'
FROM crm_person p WHERE p.cluster IN (
    SELECT q.cluster FROM crm_several JOIN crm_person q USING (cluster)
    GROUP BY q.cluster HAVING count(*) > 6);

-- step: problems of specialists
-- if: crm_contact WHERE role IN ('physician', 'pharmacist')
INSERT INTO crm_problem
SELECT 'Contact', c.row_id, 'role_mismatch', 'warning', 'booking_date', '' FROM crm_contact c
WHERE c.role IN ('physician', 'pharmacist') AND c.has_booking
UNION ALL
SELECT 'Contact', c.row_id, 'role_mismatch', 'info', 'medical_condition', '' FROM crm_contact c
WHERE c.role IN ('physician', 'pharmacist') AND c.condition IS NOT NULL
UNION ALL
SELECT 'Contact', s.row_id, 'inactive', 'info', 'statecode', '' FROM crm_specialist s
WHERE s.inactive
UNION ALL
SELECT 'Contact', s.row_id, 'licence_shared', 'warning', 'medical_license_number', ''
FROM crm_specialist s JOIN (
    SELECT licence_key FROM crm_specialist WHERE licence_key <> '' GROUP BY licence_key
    HAVING count(DISTINCT cluster) > 1
) g USING (licence_key)
UNION ALL
SELECT 'Contact', s.row_id, 'invalid_link', 'warning', f.field, ''
FROM crm_specialist s JOIN crm_import_legacycontact a ON a.id = s.row_id
CROSS JOIN LATERAL (VALUES ('hospital', a.hospital, s.hospital_guid),
    ('specialization', a.specialization, s.specialization_guid)) f (field, raw, guid)
WHERE btrim(f.raw) <> '' AND f.guid IS NULL;

-- step: problems of the lists
-- if: crm_hospital
INSERT INTO crm_problem
SELECT 'Hospital', row_id, 'duplicate_proposed', 'info', 'name', '' FROM (
    SELECT row_id, count(*) OVER (PARTITION BY portal_fold_key(name), portal_fold_key(city)) AS n
    FROM crm_hospital h WHERE NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = 'Hospital' AND f.row_id = h.row_id)
) h WHERE n > 1;
