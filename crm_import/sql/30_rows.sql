-- Contacts, Patient rows and dossiers as typed columns. Nothing is decided here, only read: all of
-- the archive, or the rows that can be touched by new ones (crm_import.scope).

-- step: contacts as typed columns
CREATE TEMP TABLE crm_contact ON COMMIT DROP AS
SELECT x.*, crm_key(x.first_name) AS first_key, crm_key(x.last_name) AS last_key
FROM (
    SELECT r.id AS row_id, r.record, crm_guid(r.contactid) AS legacy_id,
        crm_version(r.versionnumber) AS version,
        crm_instant(r.createdon) AS created, crm_instant(r.modifiedon) AS modified,
        r.deleted OR coalesce(crm_inactive(r.statecode), false) AS inactive,
        r.deleted,
        crm_tidy(r.firstname) AS first_name, crm_tidy(r.lastname) AS last_name,
        CASE WHEN r.email !~ '[^!-@[-~]' THEN crm_email(r.email) END AS email,
        coalesce(t.meaning, '') AS role,
        m.meaning AS condition,
        crm_instant(r.booking_date) AS booking_at,
        crm_instant(r.reminder_date) AS reminder_at,
        r.booking_date <> '' AS has_booking, r.reminder_date <> '' AS has_reminder,
        r.email <> '' AS has_email,
        crm_flag(r.no_show) AS no_show
    FROM crm_import_legacycontact r
    LEFT JOIN crm_cell t ON t.option_set = 'contact_type' AND t.cell = r.contact_type
    LEFT JOIN crm_cell m ON m.option_set = 'medical_condition' AND m.cell = r.medical_condition
    WHERE (SELECT whole FROM crm_this) OR r.id IN (
        SELECT row_id FROM crm_scope WHERE entity = 'Contact')
    OFFSET 0
) x;

-- step: patient rows as typed columns
CREATE TEMP TABLE crm_patient ON COMMIT DROP AS
SELECT x.*, crm_key(x.first_name) AS first_key, crm_key(x.last_name) AS last_key
FROM (
    SELECT r.id AS row_id, r.record, crm_guid(r.patientid) AS legacy_id,
        crm_version(r.versionnumber) AS version,
        crm_instant(r.createdon) AS created, crm_instant(r.modifiedon) AS modified,
        r.deleted OR coalesce(crm_inactive(r.statecode), false) AS inactive,
        r.deleted,
        crm_tidy(r.firstname) AS first_name, crm_tidy(r.lastname) AS last_name,
        CASE WHEN r.email !~ '[^!-@[-~]' THEN crm_email(r.email) END AS email,
        crm_instant(r.first_contact_date) AS first_contact,
        crm_instant(r.initial_consult_date) AS consult,
        crm_instant(r.ct_referral_date) AS referred,
        crm_instant(r.eap_enrollment_date) AS enrolled,
        crm_guid(r.medical_condition) AS condition_guid,
        crm_guid(r.contact_record) AS contact_guid, crm_guid(r.physician) AS physician_guid,
        e.meaning AS eligible, o.meaning AS outcome
    FROM crm_import_legacypatient r
    LEFT JOIN crm_cell e ON e.option_set = 'eligible' AND e.cell = r.eligible
    LEFT JOIN crm_cell o ON o.option_set = 'ct_outcome' AND o.cell = r.ct_outcome
    WHERE (SELECT whole FROM crm_this) OR r.id IN (
        SELECT row_id FROM crm_scope WHERE entity = 'Patient')
    OFFSET 0
) x;

-- step: dossiers as typed columns
CREATE TEMP TABLE crm_dossier ON COMMIT DROP AS
SELECT r.id AS row_id, r.record, crm_guid(r.eap_dossier_id) AS legacy_id,
    crm_version(r.versionnumber) AS version,
    crm_instant(r.createdon) AS created, crm_instant(r.modifiedon) AS modified,
    r.deleted OR coalesce(crm_inactive(r.statecode), false) AS inactive,
        r.deleted, crm_tidy(r.eap_number) AS number,
    CASE WHEN crm_blank(crm_key(crm_tidy(r.eap_number))) THEN ''
        ELSE upper(regexp_replace(r.eap_number, '[^A-Za-z0-9]', '', 'g')) END AS number_key,
    crm_guid(r.patient) AS patient_guid, crm_instant(r.eap_enrollment_date) AS enrolled,
    nullif(p.meaning, '')::uuid AS product_id
FROM crm_import_legacydossier r
LEFT JOIN crm_cell p ON p.option_set = 'product' AND p.cell = r.product
WHERE (SELECT whole FROM crm_this) OR r.id IN (
    SELECT row_id FROM crm_scope WHERE entity = 'EAPDossier');

-- step: rows that a rollback took back
-- if: crm_import_takenback
-- They count no more, until an export brings them again.
DELETE FROM crm_contact r WHERE __GONE__('Contact', r.row_id);
DELETE FROM crm_patient r WHERE __GONE__('Patient', r.row_id);
DELETE FROM crm_dossier r WHERE __GONE__('EAPDossier', r.row_id);

-- step: names that stand for nothing
-- Na, Null and Unknown are names of people too: such a word is none only beside another one, or
-- with something that is no letter in it (n/a, -).
UPDATE crm_contact c SET
    first_name = CASE WHEN no_first THEN '' ELSE first_name END,
    first_key = CASE WHEN no_first THEN '' ELSE first_key END,
    last_name = CASE WHEN no_last THEN '' ELSE last_name END,
    last_key = CASE WHEN no_last THEN '' ELSE last_key END
FROM (
    SELECT row_id AS nameless,
        first_none AND (last_none OR first_name ~ '[^[:alpha:]]') AS no_first,
        last_none AND (first_none OR last_name ~ '[^[:alpha:]]') AS no_last
    FROM (SELECT row_id, first_name, last_name, crm_blank(first_key) AS first_none,
        crm_blank(last_key) AS last_none FROM crm_contact) r
    WHERE first_none AND first_name <> '' OR last_none AND last_name <> ''
) n WHERE n.nameless = c.row_id;
UPDATE crm_patient p SET
    first_name = CASE WHEN no_first THEN '' ELSE first_name END,
    first_key = CASE WHEN no_first THEN '' ELSE first_key END,
    last_name = CASE WHEN no_last THEN '' ELSE last_name END,
    last_key = CASE WHEN no_last THEN '' ELSE last_key END
FROM (
    SELECT row_id AS nameless,
        first_none AND (last_none OR first_name ~ '[^[:alpha:]]') AS no_first,
        last_none AND (first_none OR last_name ~ '[^[:alpha:]]') AS no_last
    FROM (SELECT row_id, first_name, last_name, crm_blank(first_key) AS first_none,
        crm_blank(last_key) AS last_none FROM crm_patient) r
    WHERE first_none AND first_name <> '' OR last_none AND last_name <> ''
) n WHERE n.nameless = p.row_id;

-- statistics: crm_import_legacycontact (id), crm_import_legacypatient (id)
-- statistics: crm_import_legacydossier (id), crm_dossier (row_id, legacy_id, deleted)
-- statistics: crm_contact (row_id, legacy_id, role, has_email, deleted)
-- statistics: crm_patient (row_id, legacy_id, contact_guid, physician_guid, condition_guid, deleted)

-- include: versions Contact
-- include: versions Patient
-- include: versions EAPDossier

-- step: odd addresses
-- One line for each address found in a field that is no plain lower-case address.
CREATE TEMP TABLE crm_odd_email ON COMMIT DROP AS
WITH odd AS (
    SELECT 'Contact' AS entity, c.row_id, c.record, c.legacy_id, r.email AS raw
    FROM crm_contact c JOIN crm_import_legacycontact r ON r.id = c.row_id
    WHERE c.email IS NULL AND c.has_email
    UNION ALL
    SELECT 'Patient', p.row_id, p.record, p.legacy_id, r.email
    FROM crm_patient p JOIN crm_import_legacypatient r ON r.id = p.row_id
    WHERE p.email IS NULL AND r.email <> ''
), found AS (
    SELECT odd.*, crm_address(m.match[1]) AS email, m.place
    FROM odd LEFT JOIN LATERAL regexp_matches(
        regexp_replace(lower(crm_tidy(raw)), '\s*@\s*', '@', 'g'),
        '[^\s;,<>()"|]+@[^\s;,<>()"|]+', 'g') WITH ORDINALITY AS m (match, place) ON true
)
SELECT entity, row_id, record, legacy_id, raw,
    crm_email(email) AS email,
    coalesce(place, 1) AS place,
    crm_no_email(email) OR crm_blank(crm_key(crm_tidy(raw))) AS placeholder,
    length(email) > 254 AS too_long
FROM found;

-- step: usable ones of the odd addresses
-- if: crm_odd_email WHERE email IS NOT NULL
UPDATE crm_contact c SET email = o.email
FROM (SELECT DISTINCT ON (row_id) row_id, email FROM crm_odd_email
    WHERE entity = 'Contact' AND email IS NOT NULL ORDER BY row_id, place) o
WHERE o.row_id = c.row_id;
UPDATE crm_patient p SET email = o.email
FROM (SELECT DISTINCT ON (row_id) row_id, email FROM crm_odd_email
    WHERE entity = 'Patient' AND email IS NOT NULL ORDER BY row_id, place) o
WHERE o.row_id = p.row_id;

-- step: dates that are none
-- What was written in a date column and cannot be used, with the reason. It becomes null.
CREATE TEMP TABLE crm_bad_date ON COMMIT DROP AS
SELECT d.entity::varchar(20) AS entity, d.row_id, d.field::varchar(40) AS field, CASE
        WHEN d.value IS NULL THEN 'invalid_date'
        WHEN crm_is_sentinel(d.value) THEN 'sentinel_date'
        ELSE 'implausible_date' END::varchar(40) AS code
FROM (
    SELECT 'Contact' AS entity, row_id, 'booking_date' AS field, booking_at AS value
    FROM crm_contact WHERE has_booking
    UNION ALL
    SELECT 'Contact', row_id, 'reminder_date', reminder_at FROM crm_contact WHERE has_reminder
    UNION ALL
    SELECT 'Patient', p.row_id, f.field, f.value
    FROM crm_patient p JOIN crm_import_legacypatient r ON r.id = p.row_id
    CROSS JOIN LATERAL (VALUES
        ('first_contact_date', p.first_contact, r.first_contact_date),
        ('initial_consult_date', p.consult, r.initial_consult_date),
        ('ct_referral_date', p.referred, r.ct_referral_date),
        ('eap_enrollment_date', p.enrolled, r.eap_enrollment_date)) AS f (field, value, raw)
    WHERE f.raw <> ''
    UNION ALL
    SELECT 'EAPDossier', d.row_id, 'eap_enrollment_date', d.enrolled
    FROM crm_dossier d JOIN crm_import_legacydossier r ON r.id = d.row_id
    WHERE r.eap_enrollment_date <> ''
) d, crm_this t
WHERE d.value IS NULL OR crm_is_sentinel(d.value) OR d.value > t.started + interval '5 years';

-- step: bad dates taken out
-- if: crm_bad_date
UPDATE crm_contact c SET
    booking_at = CASE WHEN b.fields ? 'booking_date' THEN NULL ELSE c.booking_at END,
    reminder_at = CASE WHEN b.fields ? 'reminder_date' THEN NULL ELSE c.reminder_at END
FROM (SELECT row_id, jsonb_agg(field) AS fields FROM crm_bad_date
    WHERE entity = 'Contact' GROUP BY row_id) b
WHERE b.row_id = c.row_id;
UPDATE crm_patient p SET
    first_contact = CASE WHEN b.fields ? 'first_contact_date' THEN NULL ELSE p.first_contact END,
    consult = CASE WHEN b.fields ? 'initial_consult_date' THEN NULL ELSE p.consult END,
    referred = CASE WHEN b.fields ? 'ct_referral_date' THEN NULL ELSE p.referred END,
    enrolled = CASE WHEN b.fields ? 'eap_enrollment_date' THEN NULL ELSE p.enrolled END
FROM (SELECT row_id, jsonb_agg(field) AS fields FROM crm_bad_date
    WHERE entity = 'Patient' GROUP BY row_id) b
WHERE b.row_id = p.row_id;
UPDATE crm_dossier d SET enrolled = NULL
FROM crm_bad_date b WHERE b.entity = 'EAPDossier' AND b.row_id = d.row_id;

-- step: dates before there were such systems
UPDATE crm_contact SET created = NULL WHERE created < timestamptz '1990-01-01 00:00+00';
UPDATE crm_patient SET created = NULL WHERE created < timestamptz '1990-01-01 00:00+00';
UPDATE crm_dossier SET created = NULL WHERE created < timestamptz '1990-01-01 00:00+00';

-- step: rows that name nobody
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT entity, row_id, 'quarantined', CASE
    WHEN first_name = '' AND last_name = '' THEN 'no_name' ELSE 'too_long' END
FROM (
    SELECT 'Contact' AS entity, row_id, first_name, last_name FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, first_name, last_name FROM crm_patient
) r
WHERE (first_name = '' AND last_name = '' OR length(first_name) > 200 OR length(last_name) > 200
        OR EXISTS (SELECT FROM crm_odd_email e
            WHERE e.too_long AND e.entity = r.entity AND e.row_id = r.row_id))
    AND NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = r.entity AND f.row_id = r.row_id);

-- statistics: crm_fate, crm_odd_email, crm_bad_date
