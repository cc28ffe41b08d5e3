-- All further addresses of patients, once each has the one of their own.

-- step: further addresses
-- Shared ones of each who shares them, second ones, and what is no address but was written there;
-- of rows that are new, because people may have removed those of others.
INSERT INTO patients_contactpoint (patient_id, kind, value, origin, remark)
SELECT DISTINCT ON (t.id, lower(trim(v.value))) t.id, 'email', v.value, 'legacy_crm', ''
FROM (
    SELECT p.cluster, p.email AS value, p.node FROM crm_person p JOIN crm_shared s USING (email)
    WHERE s.is_shared AND p.fresh
    UNION ALL
    SELECT p.cluster, p.email, p.node FROM crm_several c JOIN crm_person p USING (cluster)
    JOIN crm_target t USING (cluster) JOIN patients_patient x ON x.id = t.id
    WHERE p.fresh AND p.email <> lower(trim(x.email))
    UNION ALL
    SELECT p.cluster, p.email, p.node FROM crm_person p JOIN crm_target t USING (cluster)
    JOIN patients_patient x ON x.id = t.id
    WHERE p.fresh AND NOT t.is_new AND p.email <> lower(trim(x.email))
    UNION ALL
    SELECT p.cluster, coalesce(o.email, left(btrim(crm_tidy(o.raw)), 255)), p.node
    FROM crm_odd_email o JOIN crm_person p ON p.row_id = o.row_id
        AND p.kind = CASE o.entity WHEN 'Contact' THEN 1 ELSE 2 END
    WHERE p.fresh AND NOT o.placeholder AND (o.email IS NULL OR o.email IS DISTINCT FROM p.email)
) v
JOIN crm_target t USING (cluster)
WHERE v.value <> '' AND length(v.value) <= 254
ORDER BY t.id, lower(trim(v.value)), v.node
ON CONFLICT DO NOTHING;
