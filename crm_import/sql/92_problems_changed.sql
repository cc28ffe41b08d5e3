-- What the CRM changed after it was imported and the portal did not follow (sql/62_updates.sql):
-- where the newer row says another thing than the older one and than the portal, somebody should
-- know.

-- step: changed contacts
-- if: crm_before
INSERT INTO crm_problem
SELECT 'Contact', p.row_id, 'changed_in_crm', 'warning', f.field, ''
FROM crm_person p JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
JOIN crm_before b ON b.entity = 'Contact' AND b.legacy_id = p.legacy_id
JOIN crm_contact o ON o.row_id = b.row_id
CROSS JOIN LATERAL (VALUES
    ('name', (p.first_name, p.last_name) <> (o.first_name, o.last_name)
        AND (p.first_name, p.last_name) <> (x.first_name, x.last_name)),
    ('medical_condition', p.condition_id IS DISTINCT FROM nullif(o.condition, '')::uuid
        AND p.condition_id IS DISTINCT FROM x.medical_condition_id),
    ('statecode', p.inactive <> o.inactive AND p.inactive <> (x.stage = 'closed'))
) f (field, hit)
WHERE p.kind = 1 AND p.fresh AND NOT t.is_new AND f.hit;
-- A call that people have touched here stays as they left it.
INSERT INTO crm_problem
SELECT 'Contact', p.row_id, 'changed_in_crm', 'warning', CASE WHEN b.status IN (
    'no_show', 'completed') THEN 'no_show' ELSE 'booking_date' END, ''
FROM crm_booking b JOIN bookings_booking k ON k.id = b.id
JOIN crm_person p ON p.kind = 1 AND p.legacy_id = b.legacy_id
JOIN crm_before z ON z.entity = 'Contact' AND z.legacy_id = b.legacy_id
JOIN crm_contact o ON o.row_id = z.row_id AND (o.booking_at, o.no_show, o.inactive)
    IS DISTINCT FROM (p.booking_at, p.no_show, p.inactive)
WHERE b.fresh AND NOT b.is_new AND NOT b.clashes AND b.status <> k.status
    AND (b.status <> 'booked' OR k.status IN ('cancelled', 'rescheduled'));

-- step: changed specialists
-- if: crm_before
INSERT INTO crm_problem
SELECT 'Contact', s.row_id, 'changed_in_crm', 'warning', f.field, ''
FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
JOIN patients_specialist k ON k.id = t.id
JOIN crm_before b ON b.entity = 'Contact' AND b.legacy_id = s.legacy_id
JOIN crm_contact o ON o.row_id = b.row_id
JOIN crm_import_legacycontact a ON a.id = s.row_id
JOIN crm_import_legacycontact z ON z.id = b.row_id
LEFT JOIN crm_workplace w ON w.legacy_id = s.hospital_guid
LEFT JOIN crm_specialization_target q ON q.legacy_id = s.specialization_guid
CROSS JOIN LATERAL (VALUES
    ('name', (s.first_name, s.last_name) <> (o.first_name, o.last_name)
        AND (s.first_name, s.last_name) <> (k.first_name, k.last_name)),
    ('email', s.email IS DISTINCT FROM o.email
        AND coalesce(s.email, '') <> lower(trim(k.email))),
    ('job_title', a.job_title <> z.job_title AND s.job_title <> k.job_title),
    ('medical_license_number', a.medical_license_number <> z.medical_license_number
        AND s.licence <> k.medical_license_number),
    ('hospital', a.hospital <> z.hospital AND w.id IS DISTINCT FROM k.hospital_id),
    ('specialization', a.specialization <> z.specialization
        AND q.target_id IS DISTINCT FROM k.specialization_id),
    ('statecode', s.inactive <> o.inactive AND s.inactive = k.is_active)
) f (field, hit)
WHERE s.fresh AND NOT t.is_new AND f.hit;

-- step: changed patient rows
-- if: crm_target WHERE NOT is_new
-- A Patient row that is new beside a known lead says more than the lead's own rows did: all that
-- the portal does not have is told, that it makes a patient of the lead too.
INSERT INTO crm_problem
SELECT 'Patient', n.row_id, 'changed_in_crm', 'warning', f.field, ''
FROM crm_person n JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
JOIN crm_patient p ON p.row_id = n.row_id
LEFT JOIN crm_before b ON b.entity = 'Patient' AND b.legacy_id = n.legacy_id
LEFT JOIN crm_patient o ON o.row_id = b.row_id
LEFT JOIN crm_specialist_id s ON s.legacy_id = p.physician_guid AND s.role = 'physician'
CROSS JOIN LATERAL (VALUES
    ('stage', o.row_id IS NULL AND x.stage = 'lead'),
    ('name', (p.first_name, p.last_name) <> (o.first_name, o.last_name)
        AND (p.first_name, p.last_name) <> (x.first_name, x.last_name)),
    ('medical_condition', p.condition_guid IS DISTINCT FROM o.condition_guid
        AND n.condition_id IS DISTINCT FROM x.medical_condition_id),
    ('physician', p.physician_guid IS DISTINCT FROM o.physician_guid
        AND s.id IS DISTINCT FROM x.physician_id),
    ('first_contact_date', p.first_contact IS DISTINCT FROM o.first_contact
        AND crm_noon(crm_day(p.first_contact)) IS DISTINCT FROM x.first_contact_at),
    ('initial_consult_date', p.consult IS DISTINCT FROM o.consult
        AND crm_noon(crm_day(p.consult)) IS DISTINCT FROM x.initial_consult_at),
    ('statecode', p.inactive <> o.inactive AND p.inactive <> (x.stage = 'closed'))
) f (field, hit)
WHERE n.kind = 2 AND n.fresh AND NOT t.is_new AND f.hit;

-- step: changed referrals
-- if: crm_before
INSERT INTO crm_problem
SELECT DISTINCT 'Patient', q.row_id, 'changed_in_crm', 'warning', f.field, ''
FROM crm_pairing q JOIN crm_person n USING (node)
JOIN crm_referral r ON r.cluster = q.cluster AND r.number = q.number AND NOT r.is_new
JOIN referrals_ctreferral k ON k.id = r.id
JOIN crm_patient p ON p.row_id = q.row_id
JOIN crm_import_legacypatient a ON a.id = q.row_id
JOIN crm_before b ON b.entity = 'Patient' AND b.legacy_id = q.legacy_id
JOIN crm_patient o ON o.row_id = b.row_id
JOIN crm_import_legacypatient z ON z.id = b.row_id
CROSS JOIN LATERAL (VALUES
    ('eligible', p.eligible IS DISTINCT FROM o.eligible
        AND coalesce(nullif(p.eligible, ''), 'unknown') <> k.eligible),
    ('ct_outcome', p.outcome IS DISTINCT FROM o.outcome
        AND coalesce(nullif(p.outcome, ''), 'pending') <> k.outcome),
    ('ineligible_reason', a.ineligible_reason <> z.ineligible_reason
        AND q.reason <> k.ineligible_text),
    ('ct_referral_date', p.referred IS DISTINCT FROM o.referred
        AND crm_noon(crm_day(p.referred)) IS DISTINCT FROM k.referred_at)
) f (field, hit)
WHERE n.fresh AND f.hit;

-- step: changed dossiers
-- if: crm_before
INSERT INTO crm_problem
SELECT 'EAPDossier', c.row_id, 'changed_in_crm', 'warning', f.field, ''
FROM crm_case c
JOIN crm_before b ON b.entity = 'EAPDossier' AND b.legacy_id = c.legacy_id
JOIN crm_dossier o ON o.row_id = b.row_id
JOIN crm_import_crosswalk x ON x.entity = 'EAPDossier' AND x.legacy_id = c.legacy_id
JOIN referrals_eapdossier k ON k.id = x.target_id
JOIN referrals_expandedaccessprogram g ON g.id = k.program_id
CROSS JOIN LATERAL (VALUES
    ('eap_number', c.number_key <> o.number_key
        AND c.number_key <> upper(regexp_replace(g.eap_number, '[^A-Za-z0-9]', '', 'g'))),
    ('patient', c.patient_guid IS DISTINCT FROM o.patient_guid
        AND c.patient_id IS DISTINCT FROM k.patient_id),
    ('product', c.product_id <> o.product_id AND c.product_id <> g.product_id),
    ('eap_enrollment_date', c.enrolled IS DISTINCT FROM crm_day(o.enrolled)
        AND c.enrolled IS DISTINCT FROM k.enrolled_on),
    ('statecode', c.inactive <> o.inactive AND c.inactive <> (k.state = 'closed'))
) f (field, hit)
WHERE c.fresh AND f.hit;
