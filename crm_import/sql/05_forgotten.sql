-- Rows of people who were erased here. The CRM delivers them as long as it has them.

-- step: rows of erased people
-- if: crm_import_forgottenrow
-- They leave the archive again, and only the fact that a row was passed over is kept.
CREATE TEMP TABLE crm_gone ON COMMIT DROP AS
WITH own AS (
    SELECT id FROM crm_import_sourcefile
    WHERE run_id = (SELECT id FROM crm_this) AND EXISTS (SELECT FROM crm_import_forgottenrow)
), delivered AS (
    SELECT 'Contact' AS entity, 'Contact' AS whose, id, contactid AS guid
    FROM crm_import_legacycontact WHERE file_id IN (SELECT id FROM own)
    UNION ALL SELECT 'Patient', 'Patient', id, patientid
    FROM crm_import_legacypatient WHERE file_id IN (SELECT id FROM own)
    UNION ALL SELECT 'EAPDossier', 'EAPDossier', id, eap_dossier_id
    FROM crm_import_legacydossier WHERE file_id IN (SELECT id FROM own)
    UNION ALL SELECT 'EAPDossier', 'Patient', id, patient
    FROM crm_import_legacydossier WHERE file_id IN (SELECT id FROM own)
)
SELECT DISTINCT d.entity, d.id AS row_id FROM delivered d JOIN crm_import_forgottenrow f
    ON f.entity = d.whose
    AND f.digest = encode(sha256(convert_to(crm_guid(d.guid)::text, 'UTF8')), 'hex');
INSERT INTO crm_import_rowoutcome (run_id, entity, row, outcome, reason)
SELECT r.id, g.entity, g.row_id, 'ignored', 'erased' FROM crm_gone g, crm_this r;
SELECT set_config('portal.unsealed', 'rows of erased people', true);
DELETE FROM crm_import_legacycontact
WHERE id IN (SELECT row_id FROM crm_gone WHERE entity = 'Contact');
DELETE FROM crm_import_legacypatient
WHERE id IN (SELECT row_id FROM crm_gone WHERE entity = 'Patient');
DELETE FROM crm_import_legacydossier
WHERE id IN (SELECT row_id FROM crm_gone WHERE entity = 'EAPDossier');
SELECT set_config('portal.unsealed', '', true);
