-- What was decided while the export was read, and is told here.

-- step: problems of times that came twice
-- Only spreadsheets hold local times. What was written stands among the other columns of the row
-- (crm_import.sources.words.TWICE).
INSERT INTO crm_problem
SELECT a.entity, a.id, 'ambiguous_time', 'warning', f.field, 'read as the earlier'
FROM (
    SELECT 'Contact' AS entity, id, extra FROM crm_import_legacycontact
    UNION ALL SELECT 'Patient', id, extra FROM crm_import_legacypatient
    UNION ALL SELECT 'EAPDossier', id, extra FROM crm_import_legacydossier
) a
JOIN (VALUES ('booking_date'), ('reminder_date'), ('first_contact_date'),
    ('initial_consult_date'), ('ct_referral_date'), ('eap_enrollment_date')) f (field)
    ON a.extra ? (f.field || ' (came twice)')
WHERE a.extra IS NOT NULL;
