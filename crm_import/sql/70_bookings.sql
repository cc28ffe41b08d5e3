-- Bookings: every distinct booking_date of a Contact over all its versions, patients only.

-- step: booked calls
-- age 1 is the current version of the row; a higher one was overwritten.
CREATE TEMP TABLE crm_booked ON COMMIT DROP AS
SELECT legacy_id, cluster, booking_at AS starts_at, reminder_at, no_show, row_id, modified, created,
    1::bigint AS age
FROM crm_person WHERE kind = 1 AND booking_at IS NOT NULL;
INSERT INTO crm_booked
SELECT DISTINCT ON (c.legacy_id, c.booking_at) c.legacy_id, p.cluster, c.booking_at, c.reminder_at,
    c.no_show, c.row_id, c.modified, c.created,
    1 + dense_rank() OVER (PARTITION BY c.legacy_id ORDER BY c.version DESC NULLS LAST, c.modified
        DESC NULLS LAST, c.row_id)
FROM crm_fate f JOIN crm_contact c ON c.row_id = f.row_id
JOIN crm_person p ON p.kind = 1 AND p.legacy_id = c.legacy_id
WHERE f.entity = 'Contact' AND f.outcome = 'superseded' AND c.booking_at IS NOT NULL
    AND c.booking_at IS DISTINCT FROM p.booking_at
ORDER BY c.legacy_id, c.booking_at, c.version DESC NULLS LAST, c.modified DESC NULLS LAST, c.row_id;

-- step: what became of the calls
CREATE TEMP TABLE crm_booking ON COMMIT DROP AS
SELECT b.*, coalesce(x.target_id, portal_uuid7()) AS id, x.target_id IS NULL AS is_new,
    t.id AS patient_id, to_char(b.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ')
        AS slot,
    CASE
        WHEN b.starts_at > r.started THEN CASE WHEN b.age > 1 THEN 'rescheduled' ELSE 'booked' END
        WHEN b.no_show THEN 'no_show'
        WHEN NOT b.no_show THEN 'completed'
        WHEN b.age > 1 THEN 'rescheduled'
        ELSE 'booked' END AS status,
    NULL::uuid AS moved_to, false AS clashes
FROM crm_booked b JOIN crm_target t USING (cluster) CROSS JOIN crm_this r
LEFT JOIN crm_import_crosswalk x ON x.entity = 'Contact' AND x.legacy_id = b.legacy_id
    AND x.target_model = 'bookings.booking'
    AND x.slot = to_char(b.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ')
ORDER BY b.starts_at;
ANALYZE crm_booking (patient_id, starts_at, legacy_id, status, age);

-- step: where moved calls went
-- To the booking of the next version; when that has none, the call was called off.
UPDATE crm_booking b SET moved_to = n.next
FROM (SELECT id, lag(id) OVER (PARTITION BY legacy_id ORDER BY age) AS next FROM crm_booking
    WHERE legacy_id IN (SELECT legacy_id FROM crm_booking WHERE age > 1)) n
WHERE n.id = b.id AND b.status = 'rescheduled';
UPDATE crm_booking SET status = 'cancelled' WHERE status = 'rescheduled' AND moved_to IS NULL;

-- step: earlier imports that were moved since
-- Only what nobody touched here. Before the new ones come: a call moved by a quarter of an hour
-- would be in its own way.
UPDATE bookings_booking k SET status = b.status, rescheduled_to_id = b.moved_to,
    cancelled_by = CASE WHEN b.status = 'cancelled' THEN 'patient' ELSE '' END,
    cancel_reason = CASE WHEN b.status = 'cancelled' THEN 'Removed in the legacy CRM.' ELSE '' END
FROM crm_booking b
WHERE NOT b.is_new AND b.id = k.id AND k.version = 1 AND k.status = 'booked'
    AND b.status IN ('rescheduled', 'cancelled');

-- step: calls that overlap
-- Two forms of one person for one time: the later form stands, the other is cancelled. What stands
-- in the portal already stands.
UPDATE crm_booking b SET clashes = true, status = 'cancelled'
WHERE b.status = 'booked' AND b.is_new AND b.patient_id IN (
    SELECT patient_id FROM crm_booking WHERE status = 'booked' GROUP BY patient_id
    HAVING count(*) > 1
) AND EXISTS (
    SELECT FROM crm_booking o
    WHERE o.patient_id = b.patient_id AND o.status = 'booked' AND o.id <> b.id
        AND o.starts_at < b.starts_at + interval '30 minutes'
        AND o.starts_at > b.starts_at - interval '30 minutes'
        AND (NOT o.is_new OR (coalesce(o.modified, o.created), o.id)
            > (coalesce(b.modified, b.created), b.id))
);
UPDATE crm_booking b SET clashes = true, status = 'cancelled'
FROM crm_target t, bookings_booking o
WHERE b.status = 'booked' AND b.is_new AND t.cluster = b.cluster AND NOT t.is_new
    AND o.patient_id = b.patient_id AND o.status IN ('held', 'booked')
    AND o.starts_at < b.starts_at + interval '30 minutes' AND o.ends_at > b.starts_at;

-- make: bookings
INSERT INTO bookings_booking (id, created_at, patient_id, starts_at, ends_at, status, no_show_by,
    cancelled_by, cancel_reason, rescheduled_to_id, reminder_at, patient_time_zone, ics_uid)
SELECT b.id, coalesce(b.modified, b.created, r.started), b.patient_id, b.starts_at,
    b.starts_at + interval '30 minutes', b.status,
    CASE WHEN b.status = 'no_show' THEN 'patient' ELSE '' END,
    CASE WHEN b.status = 'cancelled' THEN 'patient' ELSE '' END,
    CASE WHEN b.clashes THEN 'Another booking of the same time stands (legacy CRM).'
        WHEN b.status = 'cancelled' THEN 'Removed in the legacy CRM.' ELSE '' END,
    b.moved_to, b.reminder_at, '', gen_random_uuid()
FROM crm_booking b, crm_this r
WHERE b.is_new ORDER BY b.starts_at;

-- step: legacy ids of bookings
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, slot, rule, run_id)
SELECT 'Contact', b.legacy_id, 'bookings.booking', b.id, b.slot,
    CASE WHEN b.age = 1 THEN 'booking_date' ELSE 'earlier_booking_date' END, r.id
FROM crm_booking b, crm_this r
WHERE b.is_new ORDER BY b.legacy_id;
