-- What changed of referrals and dossiers. A referral that somebody worked on here belongs to the
-- portal (sql/82_locks.sql): what the CRM says of it then is a conflict (sql/94_conflicts.sql),
-- never a change.

-- step: referrals whose rows changed
-- if: crm_referral WHERE NOT is_new
CREATE TEMP TABLE crm_referral_said ON COMMIT DROP AS
SELECT r.id, r.row_id, r.legacy_id, r.node, r.modified, r.status,
    CASE WHEN r.status = 'enrolled' AND r.eligible = 'no' THEN 'unknown'
        ELSE coalesce(nullif(r.eligible, ''), 'unknown') END AS eligible,
    CASE WHEN r.status = 'ineligible' OR r.eligible = 'no' AND r.reason <> '' THEN 'other'
        ELSE '' END AS reason,
    r.reason AS words, crm_noon(r.referred) AS referred_at,
    CASE WHEN r.outcome <> '' THEN r.outcome WHEN r.has_outcome THEN 'other' ELSE 'pending' END
        AS outcome,
    r.eligible IS DISTINCT FROM o.eligible AS is_eligible,
    r.outcome IS DISTINCT FROM o.outcome AS is_outcome,
    r.reason <> btrim(z.ineligible_reason) AS is_words,
    r.referred IS DISTINCT FROM crm_day(o.referred) AS is_referred,
    r.id IN (SELECT id FROM crm_theirs) AS is_theirs
FROM crm_referral r
JOIN crm_person n ON n.node = r.node AND n.fresh
JOIN crm_before b ON b.entity = 'Patient' AND b.legacy_id = r.legacy_id
JOIN crm_patient o ON o.row_id = b.row_id
JOIN crm_import_legacypatient z ON z.id = b.row_id
WHERE NOT r.is_new;
DELETE FROM crm_referral_said WHERE NOT (is_eligible OR is_outcome OR is_words OR is_referred);

-- change: ct_referrals
-- if: crm_referral WHERE NOT is_new
UPDATE referrals_ctreferral k SET status = s.status, eligible = s.eligible,
    ineligible_reason = s.reason, ineligible_text = s.words, referred_at = s.referred_at,
    outcome = s.outcome
FROM crm_referral_said s
WHERE k.id = s.id AND NOT s.is_theirs
    AND (k.status, k.eligible, k.ineligible_reason, k.ineligible_text, k.referred_at, k.outcome)
        IS DISTINCT FROM
        (s.status, s.eligible, s.reason, s.words, s.referred_at, s.outcome);

-- step: referrals that people worked on
-- if: crm_referral WHERE NOT is_new
INSERT INTO crm_says
SELECT 'referrals.ctreferral', s.id, false, f.field, 'Patient', s.row_id, s.legacy_id, s.node,
    s.modified, f.value, coalesce(f.value #>> '{}', ''), 1, true, true, false
FROM crm_referral_said s
CROSS JOIN LATERAL (VALUES
    ('eligible', to_jsonb(s.eligible), s.is_eligible),
    ('outcome', to_jsonb(s.outcome), s.is_outcome),
    ('ineligible_text', to_jsonb(nullif(s.words, '')), s.is_words),
    ('referred_at', to_jsonb(s.referred_at), s.is_referred)) f (field, value, changed)
WHERE s.is_theirs AND f.changed;
INSERT INTO crm_update
SELECT s.target_model, s.target_id, s.field, s.value, f.now, false
FROM crm_says s JOIN referrals_ctreferral k ON k.id = s.target_id
CROSS JOIN LATERAL (SELECT CASE s.field WHEN 'eligible' THEN to_jsonb(k.eligible)
    WHEN 'outcome' THEN to_jsonb(k.outcome)
    WHEN 'ineligible_text' THEN to_jsonb(nullif(k.ineligible_text, ''))
    ELSE to_jsonb(k.referred_at) END AS now) f
WHERE s.target_model = 'referrals.ctreferral' AND s.value IS DISTINCT FROM f.now;

-- step: what dossiers say
-- if: crm_case
-- The day of enrolment stands on Patient rows too. The dossier's counts; another one on the Patient
-- row is a conflict of the patient's first dossier.
INSERT INTO crm_says
SELECT 'referrals.eapdossier', x.target_id, x.run_id = r.id, f.field, 'EAPDossier', c.row_id,
    c.legacy_id, c.row_id::int, c.modified, f.value, coalesce(f.value #>> '{}', ''), 1, f.changed,
    true, false
FROM crm_case c JOIN crm_this r ON true
JOIN crm_import_crosswalk x ON x.entity = 'EAPDossier' AND x.legacy_id = c.legacy_id
    AND x.target_model = 'referrals.eapdossier'
LEFT JOIN crm_before b ON b.entity = 'EAPDossier' AND b.legacy_id = c.legacy_id
LEFT JOIN crm_dossier o ON o.row_id = b.row_id
CROSS JOIN LATERAL (VALUES
    ('enrolled_on', to_jsonb(c.enrolled), c.enrolled IS DISTINCT FROM crm_day(o.enrolled)),
    ('number', to_jsonb(c.number), c.number <> o.number),
    ('product', to_jsonb(c.product_id), c.product_id <> o.product_id)) f (field, value, changed)
WHERE c.fresh AND c.place = 1 AND o.row_id IS NOT NULL AND f.changed;
WITH first AS (
    SELECT DISTINCT ON (c.cluster) c.cluster, c.row_id, c.legacy_id, c.modified, c.enrolled,
        c.fresh, x.target_id, x.run_id
    FROM crm_case c JOIN crm_import_crosswalk x ON x.entity = 'EAPDossier'
        AND x.legacy_id = c.legacy_id AND x.target_model = 'referrals.eapdossier'
    WHERE c.cluster IN (SELECT cluster FROM crm_person WHERE fresh
        UNION SELECT cluster FROM crm_case WHERE fresh)
    ORDER BY c.cluster, c.row_id
), odd AS (
    SELECT f.*, n.node, n.row_id AS patient_row, n.legacy_id AS patient_guid,
        n.modified AS patient_modified, crm_day(p.enrolled) AS day,
        f.fresh OR n.fresh AND crm_day(p.enrolled) IS DISTINCT FROM crm_day(o.enrolled) AS changed
    FROM first f JOIN crm_person n ON n.cluster = f.cluster AND n.kind = 2
    JOIN crm_patient p ON p.row_id = n.row_id
    LEFT JOIN crm_before b ON b.entity = 'Patient' AND b.legacy_id = n.legacy_id
    LEFT JOIN crm_patient o ON o.row_id = b.row_id
    WHERE p.enrolled IS NOT NULL AND NOT EXISTS (
        SELECT FROM crm_case c WHERE c.cluster = f.cluster AND c.enrolled = crm_day(p.enrolled))
)
INSERT INTO crm_says
SELECT 'referrals.eapdossier', o.target_id, o.run_id = r.id, 'enrolled_on', v.entity, v.row_id,
    v.legacy_id, v.place, v.modified, to_jsonb(v.day), coalesce(v.day::text, ''), v.rank, o.changed,
    true, false
FROM odd o CROSS JOIN crm_this r
CROSS JOIN LATERAL (VALUES
    ('EAPDossier', o.row_id, o.legacy_id, 0, o.modified, o.enrolled, 1),
    ('Patient', o.patient_row, o.patient_guid, o.node, o.patient_modified, o.day, 2)
) v (entity, row_id, legacy_id, place, modified, day, rank)
WHERE o.changed AND NOT EXISTS (SELECT FROM crm_says s WHERE s.target_id = o.target_id
    AND s.field = 'enrolled_on' AND s.entity = v.entity AND s.row_id = v.row_id);

-- step: values of referrals and dossiers that should hold
-- if: crm_says WHERE target_model IN ('referrals.ctreferral', 'referrals.eapdossier')
INSERT INTO crm_chosen
SELECT DISTINCT ON (target_model, target_id, field) target_model, target_id, field, key, rank,
    entity, value
FROM crm_says
WHERE target_model IN ('referrals.ctreferral', 'referrals.eapdossier') AND key <> ''
ORDER BY target_model, target_id, field, rank, modified DESC NULLS LAST, place;

-- step: fields of dossiers that the CRM changed
-- if: crm_says WHERE target_model = 'referrals.eapdossier'
INSERT INTO crm_update
SELECT s.target_model, s.target_id, s.field, c.value, f.now, false
FROM (
    SELECT target_model, target_id, field FROM crm_says
    WHERE target_model = 'referrals.eapdossier' AND NOT is_new GROUP BY 1, 2, 3
    HAVING bool_or(changed)
) s
JOIN referrals_eapdossier k ON k.id = s.target_id
JOIN referrals_expandedaccessprogram g ON g.id = k.program_id
LEFT JOIN crm_chosen c USING (target_model, target_id, field)
CROSS JOIN LATERAL (SELECT CASE s.field WHEN 'enrolled_on' THEN to_jsonb(k.enrolled_on)
    WHEN 'number' THEN to_jsonb(nullif(k.number, '')) ELSE to_jsonb(g.product_id) END AS now) f
WHERE c.value IS DISTINCT FROM f.now;
-- As sql/62_updates.sql asks history of people. A product belongs to the program, which follows
-- only when the dossier is its only one.
WITH told AS (
    SELECT u.target_id, u.field, e.pgh_id, c.metadata ? 'run' AS by_run,
        CASE u.field WHEN 'enrolled_on' THEN to_jsonb(e.enrolled_on)
            ELSE to_jsonb(nullif(e.number, '')) END AS value
    FROM crm_update u JOIN referrals_eapdossierevent e ON e.pgh_obj_id = u.target_id
    LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
    WHERE u.target_model = 'referrals.eapdossier' AND u.field <> 'product'
    UNION ALL
    SELECT u.target_id, u.field, e.pgh_id, c.metadata ? 'run', to_jsonb(e.product_id)
    FROM crm_update u JOIN referrals_eapdossier k ON k.id = u.target_id
    JOIN referrals_expandedaccessprogramevent e ON e.pgh_obj_id = k.program_id
    LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
    WHERE u.target_model = 'referrals.eapdossier' AND u.field = 'product' AND NOT EXISTS (
        SELECT FROM referrals_eapdossier o WHERE o.program_id = k.program_id AND o.id <> k.id)
), turned AS (
    SELECT *, row_number() OVER w = 1 OR value IS DISTINCT FROM lag(value) OVER w AS is_set
    FROM told WINDOW w AS (PARTITION BY target_id, field ORDER BY pgh_id)
), written AS (
    SELECT DISTINCT ON (target_id, field) target_id, field, value
    FROM turned WHERE by_run AND is_set ORDER BY target_id, field, pgh_id DESC
)
UPDATE crm_update u SET ours = true FROM written w
WHERE u.target_model = 'referrals.eapdossier' AND w.target_id = u.target_id AND w.field = u.field
    AND w.value IS NOT DISTINCT FROM u.now
    AND NOT EXISTS (SELECT FROM crm_import_fieldconflict k WHERE k.state = 'decided'
        AND k.target_model = u.target_model AND k.target_id = u.target_id AND k.field = u.field)
    AND NOT EXISTS (SELECT FROM referrals_eapdossier d JOIN patients_patient x
        ON x.id = d.patient_id AND x.processing_restricted WHERE d.id = u.target_id);

-- change: eap_programs
-- if: crm_update WHERE ours AND target_model = 'referrals.eapdossier'
-- The number of a program that only this dossier has changes with the dossier's.
UPDATE referrals_expandedaccessprogram g
SET product_id = coalesce(v.product_id, g.product_id), eap_number = coalesce(v.number, g.eap_number)
FROM (
    SELECT k.program_id, max(u.value #>> '{}') FILTER (WHERE u.field = 'product') ::uuid
            AS product_id,
        max(u.value #>> '{}') FILTER (WHERE u.field = 'number') AS number
    FROM crm_update u JOIN referrals_eapdossier k ON k.id = u.target_id
    JOIN referrals_expandedaccessprogram p ON p.id = k.program_id
    WHERE u.target_model = 'referrals.eapdossier' AND u.ours AND (u.field = 'product'
        OR u.field = 'number' AND p.eap_number = k.number
            AND NOT EXISTS (SELECT FROM referrals_eapdossier o
                WHERE o.program_id = k.program_id AND o.id <> k.id)
            AND NOT EXISTS (SELECT FROM referrals_expandedaccessprogram q WHERE q.id <> p.id
                AND upper(regexp_replace(q.eap_number, '[^A-Za-z0-9]', '', 'g'))
                    = upper(regexp_replace(u.value #>> '{}', '[^A-Za-z0-9]', '', 'g'))))
    GROUP BY k.program_id
) v
WHERE g.id = v.program_id;

-- change: eap_dossiers
-- if: crm_update WHERE ours AND target_model = 'referrals.eapdossier'
WITH v AS (
    SELECT u.target_id AS id, jsonb_object_agg(u.field, u.value) AS said FROM crm_update u
    WHERE u.target_model = 'referrals.eapdossier' AND u.ours AND u.field <> 'product'
    GROUP BY u.target_id
)
UPDATE referrals_eapdossier k SET
    enrolled_on = CASE WHEN said ? 'enrolled_on' THEN (said ->> 'enrolled_on')::date
        ELSE enrolled_on END,
    number = CASE WHEN said ? 'number' THEN coalesce(said ->> 'number', '') ELSE number END
FROM v WHERE k.id = v.id;
