-- Clinical trials, and one referral for each pair of patient and trial.

-- make: clinical_trials
-- if: crm_trial
INSERT INTO referrals_clinicaltrial (registry, registry_id, title, sponsor, status, phases, sex,
    minimum_age, maximum_age, criteria_text, last_confirmed_with)
SELECT DISTINCT ON (number) registry, number, '', '', 'UNKNOWN', '{}', 'ALL', '', '', '', ''
FROM crm_trial t JOIN crm_person n ON n.kind = 2 AND n.row_id = t.row_id AND n.fresh
WHERE registry NOT IN ('malformed', 'text')
ORDER BY number
ON CONFLICT (registry_id) DO NOTHING;

-- step: pairs of patient and trial
-- Of several Patient rows the one that went furthest speaks, then the one changed last.
CREATE TEMP TABLE crm_pairing ON COMMIT DROP AS
SELECT n.cluster, t.number, n.node, n.row_id, n.legacy_id, p.modified, p.created,
    p.eligible, p.outcome, crm_day(p.referred) AS referred, s.id AS physician_id,
    coalesce(btrim(a.ineligible_reason), '') AS reason, a.ct_outcome <> '' AS has_outcome,
    row_number() OVER (PARTITION BY n.cluster, t.number ORDER BY
        p.outcome = 'enrolled' DESC NULLS LAST, p.outcome IS NOT NULL AND p.outcome <> 'pending'
        DESC, p.referred IS NULL, p.modified DESC NULLS LAST, n.node) AS place
FROM (SELECT DISTINCT row_id, number FROM crm_trial WHERE registry NOT IN ('malformed', 'text')) t
JOIN crm_person n ON n.kind = 2 AND n.row_id = t.row_id
JOIN crm_patient p ON p.row_id = t.row_id
JOIN crm_import_legacypatient a ON a.id = t.row_id
LEFT JOIN crm_specialist_id s ON s.legacy_id = p.physician_guid AND s.role = 'physician';

-- step: referrals
-- The database refuses "enrolled, though not eligible": then eligible is unknown, and a note and a
-- problem keep what the CRM said. A reason in words has no code of ours, which somebody decides.
CREATE TEMP TABLE crm_referral ON COMMIT DROP AS
SELECT f.*,
    CASE WHEN f.status = 'enrolled' AND f.eligible = 'no' THEN 'unknown'
        ELSE coalesce(nullif(f.eligible, ''), 'unknown') END AS said_eligible,
    CASE WHEN f.status = 'ineligible' OR f.eligible = 'no' AND f.reason <> '' THEN 'other'
        ELSE '' END AS said_reason,
    CASE WHEN f.outcome <> '' THEN f.outcome WHEN f.has_outcome THEN 'other' ELSE 'pending' END
        AS said_outcome
FROM (
SELECT coalesce(k.id, crm_id((SELECT portal_uuid7()),
        row_number() OVER (ORDER BY p.node, p.number))) AS id, k.id IS NULL AS is_new,
    t.id AS patient_id, c.id AS trial_id, p.*,
    CASE WHEN p.outcome = 'enrolled' THEN 'enrolled'
        WHEN p.outcome IN ('screen_failed', 'withdrawn', 'site_declined') THEN p.outcome
        WHEN p.eligible = 'no' THEN 'ineligible'
        WHEN p.referred IS NOT NULL THEN 'referred'
        WHEN p.eligible = 'yes' THEN 'eligible'
        ELSE 'draft' END AS status
FROM crm_pairing p
JOIN crm_target t USING (cluster)
JOIN referrals_clinicaltrial c ON c.registry_id = p.number
-- Those that are there: made by an earlier run, or by somebody here for the same patient and trial.
LEFT JOIN (
    SELECT DISTINCT ON (cluster, number) cluster, number, id FROM (
        SELECT p.cluster, p.number, x.target_id AS id, 1 AS rank, x.id AS place
        FROM crm_pairing p JOIN crm_import_crosswalk x ON x.legacy_id = p.legacy_id
            AND x.entity = 'Patient' AND x.slot = p.number
            AND x.target_model = 'referrals.ctreferral'
        UNION ALL
        SELECT p.cluster, p.number, k.id, 2, 0 FROM crm_pairing p
        JOIN crm_target t ON t.cluster = p.cluster AND NOT t.is_new
        JOIN referrals_clinicaltrial c ON c.registry_id = p.number
        JOIN referrals_ctreferral k ON k.patient_id = t.id AND k.trial_id = c.id
    ) k ORDER BY cluster, number, rank, place, id
) k USING (cluster, number)
WHERE p.place = 1
) f ORDER BY f.node, f.number;

-- make: ct_referrals
-- if: crm_referral
INSERT INTO referrals_ctreferral (id, created_at, patient_id, trial_id, physician_id, status,
    eligible, ineligible_reason, ineligible_text, referred_at, outcome)
SELECT f.id, coalesce(f.created, r.started), f.patient_id, f.trial_id, f.physician_id, f.status,
    f.said_eligible, f.said_reason, f.reason, crm_noon(f.referred), f.said_outcome
FROM crm_referral f, crm_this r
WHERE f.is_new ORDER BY f.node, f.number;

-- step: legacy ids of referrals
-- if: crm_referral
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, slot, rule, run_id)
SELECT 'Patient', p.legacy_id, 'referrals.ctreferral', f.id, p.number,
    CASE WHEN p.place = 1 THEN 'first' ELSE 'same_patient_and_trial' END, r.id
FROM crm_pairing p JOIN crm_referral f USING (cluster, number) CROSS JOIN crm_this r
ON CONFLICT DO NOTHING;
