-- Referrals and dossiers that this run can change, as sql/62_locks.sql locks people; and referrals
-- that are not the import's to change.

-- step: referrals in hand
CREATE TEMP TABLE crm_asked ON COMMIT DROP AS
SELECT r.id FROM crm_referral r JOIN crm_person n USING (node)
WHERE NOT r.is_new AND (n.fresh OR r.row_id IN (
    SELECT row_id FROM crm_renamed_row WHERE entity = 'Patient'));
SELECT count(*) FROM (
    SELECT k.id FROM referrals_ctreferral k WHERE k.id IN (SELECT id FROM crm_asked)
    ORDER BY k.id FOR NO KEY UPDATE
) l;

-- step: dossiers in hand
-- And their programs, which follow a dossier that is their only one.
CREATE TEMP TABLE crm_asked_dossier ON COMMIT DROP AS
SELECT x.target_id AS id FROM crm_import_crosswalk x
WHERE x.entity = 'EAPDossier' AND x.legacy_id IN (
    SELECT legacy_id FROM crm_new_dossier UNION ALL
    SELECT c.legacy_id FROM crm_case c JOIN crm_person n USING (cluster) WHERE n.fresh);
SELECT count(*) FROM (
    SELECT k.id FROM referrals_eapdossier k WHERE k.id IN (SELECT id FROM crm_asked_dossier)
    ORDER BY k.id FOR NO KEY UPDATE
) l;
SELECT count(*) FROM (
    SELECT g.id FROM referrals_expandedaccessprogram g WHERE g.id IN (
        SELECT k.program_id FROM referrals_eapdossier k JOIN crm_asked_dossier USING (id))
    ORDER BY g.id FOR NO KEY UPDATE
) l;

-- step: referrals that are not the import's
-- Somebody worked on it, or decided about it, or nothing about the person may change; or it would be
-- the second active one to its trial, of which one patient has one.
CREATE TEMP TABLE crm_theirs ON COMMIT DROP AS
SELECT r.id FROM crm_referral r JOIN crm_asked USING (id)
WHERE EXISTS (SELECT FROM patients_patient x WHERE x.id = r.patient_id AND x.processing_restricted)
    OR EXISTS (SELECT FROM referrals_referralchange c WHERE c.referral_id = r.id)
    OR EXISTS (SELECT FROM referrals_ctreferralevent e
        LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
        WHERE e.pgh_obj_id = r.id AND NOT coalesce(c.metadata ? 'run', false))
    OR EXISTS (SELECT FROM crm_import_fieldconflict k WHERE k.state = 'decided'
        AND k.target_model = 'referrals.ctreferral' AND k.target_id = r.id)
    OR r.status IN ('draft', 'eligible', 'referred', 'enrolled') AND EXISTS (
        SELECT FROM referrals_ctreferral a WHERE a.patient_id = r.patient_id
            AND a.trial_id = r.trial_id AND a.id <> r.id AND a.status IN ('draft', 'eligible',
                'referred', 'acknowledged', 'screening', 'enrolled'));
