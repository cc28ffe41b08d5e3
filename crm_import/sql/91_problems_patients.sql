-- What a person should know about Patient rows and dossiers. Legacy rows came by rules of the
-- portal that they break: those are named rule_1, rule_2 and so on.

-- step: problems of links between rows
-- if: crm_patient
INSERT INTO crm_problem
SELECT 'Patient', n.row_id, 'suspect_link', 'warning', 'contact_record', ''
FROM crm_person n JOIN crm_specialist_id s ON s.legacy_id = n.contact_guid WHERE n.kind = 2
    AND NOT EXISTS (SELECT FROM crm_link l WHERE l.patient_node = n.node)
UNION ALL
SELECT 'Patient', n.row_id, 'suspect_link', 'warning', 'contact_record', ''
FROM crm_link l JOIN crm_person n ON n.node = l.patient_node
JOIN crm_person c ON c.node = l.contact_node WHERE n.cluster <> c.cluster
UNION ALL
SELECT 'Patient', n.row_id, 'email_conflict', 'warning', 'email', ''
FROM crm_link l JOIN crm_person n ON n.node = l.patient_node
JOIN crm_person c ON c.node = l.contact_node
WHERE n.cluster = c.cluster AND n.email <> c.email
UNION ALL
SELECT 'Patient', n.row_id, 'wrong_role_target', 'warning', 'physician', ''
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
WHERE n.kind = 2 AND EXISTS (SELECT FROM crm_contact c WHERE c.legacy_id = p.physician_guid
        AND NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = 'Contact' AND f.row_id = c.row_id
            AND f.outcome = 'ignored'))
    AND NOT EXISTS (SELECT FROM crm_specialist_id s
        WHERE s.legacy_id = p.physician_guid AND s.role = 'physician')
UNION ALL
SELECT 'Patient', n.row_id, 'invalid_link', 'warning', f.field, ''
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
JOIN crm_import_legacypatient a ON a.id = n.row_id
CROSS JOIN LATERAL (VALUES ('contact_record', a.contact_record, p.contact_guid),
    ('physician', a.physician, p.physician_guid),
    ('medical_condition', a.medical_condition, p.condition_guid)) f (field, raw, guid)
WHERE n.kind = 2 AND btrim(f.raw) <> '' AND f.guid IS NULL
UNION ALL
SELECT 'Patient', n.row_id, 'torn_cluster', 'warning', 'name', ''
FROM crm_torn t JOIN crm_person n ON n.node = t.b;

-- step: problems of eligibility
-- if: crm_patient
INSERT INTO crm_problem
SELECT 'Patient', n.row_id, f.code, f.severity, f.field, f.note
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
JOIN crm_import_legacypatient a ON a.id = n.row_id
CROSS JOIN LATERAL (VALUES
    (p.eligible = 'no' AND p.outcome = 'enrolled', 'contradiction', 'warning', 'eligible',
        'enrolled though not eligible'),
    (p.eligible = 'yes' AND a.ineligible_reason <> '', 'contradiction', 'warning',
        'ineligible_reason', 'a reason though eligible'),
    (p.eligible = '', 'unmapped', 'warning', 'eligible', ''),
    (p.outcome = '', 'unmapped', 'warning', 'ct_outcome', ''),
    (octet_length(a.ineligible_reason) > 100000, 'long_text', 'info', 'ineligible_reason', ''),
    (crm_day(p.consult) < crm_day(p.first_contact), 'implausible_order', 'warning',
        'initial_consult_date', 'before first_contact_date'),
    (crm_day(p.referred) < crm_day(p.first_contact), 'implausible_order', 'warning',
        'ct_referral_date', 'before first_contact_date'),
    (p.consult IS NULL, 'rule_1', 'info', 'initial_consult_date', 'converted without a call')
) f (hit, code, severity, field, note)
WHERE n.kind = 2 AND f.hit;

-- step: problems of trials
-- if: crm_trial
INSERT INTO crm_problem
SELECT 'Patient', t.row_id, CASE t.registry WHEN 'malformed' THEN 'trial_malformed'
        ELSE 'trial_text' END, 'warning', 'trial_id',
    -- Letters for digits, and the three letters in another order.
    coalesce(left('perhaps ' || string_agg(DISTINCT 'NCT' || right(translate(t.number, 'OIL', '011'), 8),
        ', ') FILTER (WHERE translate(t.number, 'OIL', '011')
            ~ '^(NCT|NTC|CNT|CTN|TNC|TCN)[0-9]{8}$'), 300), '')
FROM crm_trial t WHERE t.registry IN ('malformed', 'text') GROUP BY t.row_id, t.registry
UNION ALL
SELECT 'Patient', row_id, 'shared_by_trials', 'info', 'trial_id', count(*) || ' trials'
FROM crm_pairing GROUP BY row_id HAVING count(*) > 1
UNION ALL
SELECT DISTINCT 'Patient', f.row_id, 'rule_2', 'warning', 'physician',
    'referred without a physician who has a hospital'
FROM crm_referral f LEFT JOIN patients_specialist s ON s.id = f.physician_id
WHERE f.referred IS NOT NULL AND s.hospital_id IS NULL
UNION ALL
SELECT DISTINCT 'Patient', f.row_id, 'rule_4', 'info', 'ineligible_reason', 'no coded reason'
FROM crm_referral f WHERE f.status = 'ineligible'
UNION ALL
SELECT DISTINCT 'Patient', f.row_id, 'rule_6', 'warning', 'statecode',
    'an active referral of a closed patient'
FROM crm_referral f JOIN patients_patient x ON x.id = f.patient_id
WHERE f.is_new AND x.stage = 'closed' AND f.status IN ('draft', 'eligible', 'referred', 'enrolled');
-- The CRM did not record consent at all; that is one fact, not one for each row.
INSERT INTO crm_problem
SELECT 'Patient', NULL, 'rule_3', 'warning', '', count(*) || ' referrals without recorded consent'
FROM crm_referral WHERE is_new AND referred IS NOT NULL HAVING count(*) > 0;

-- step: problems of numbers
-- if: crm_dossier
UPDATE crm_problem p SET note = 'perhaps ' || left(z.whole, 280)
FROM crm_zeros z
WHERE p.entity = 'EAPDossier' AND p.row_id = z.row_id AND p.code = 'number_doubtful';
INSERT INTO crm_problem
SELECT 'EAPDossier', row_id, 'number_zeros_lost', 'warning', 'eap_number', '' FROM crm_zeros
WHERE is_same;

-- step: problems of dossiers
-- if: crm_patient
INSERT INTO crm_problem
SELECT 'Patient', n.row_id, CASE WHEN EXISTS (
        SELECT FROM crm_case c WHERE c.cluster = n.cluster)
    THEN 'eap_date_conflict' ELSE 'eap_date_without_dossier' END, CASE WHEN EXISTS (
        SELECT FROM crm_case c WHERE c.cluster = n.cluster) THEN 'warning' ELSE 'info' END,
    'eap_enrollment_date', ''
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
WHERE n.kind = 2 AND p.enrolled IS NOT NULL AND NOT EXISTS (
    SELECT FROM crm_case c WHERE c.cluster = n.cluster AND c.enrolled = crm_day(p.enrolled))
UNION ALL
SELECT 'EAPDossier', c.row_id, 'rule_6', 'warning', 'statecode',
    'an open dossier of a closed patient'
FROM crm_case c JOIN patients_patient x ON x.id = c.patient_id
WHERE c.fresh AND c.place = 1 AND NOT c.inactive AND x.stage = 'closed'
UNION ALL
SELECT 'EAPDossier', c.row_id, 'rule_7', 'warning', '', 'added to a restricted patient'
FROM crm_case c JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
WHERE c.fresh AND NOT t.is_new AND x.processing_restricted;
