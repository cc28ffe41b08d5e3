-- Bookings: every distinct booking_date of a Contact over all its versions, patients only.

-- step: versions of contacts
-- Only of rows that have several. age 1 is the version that counts; a higher one was overwritten.
CREATE TEMP TABLE crm_version ON COMMIT DROP AS
SELECT c.legacy_id, p.cluster, c.booking_at, c.reminder_at, c.no_show, c.row_id, c.modified,
    c.created, row_number() OVER w AS age, lag(c.modified) OVER w AS next_modified
FROM crm_person p
JOIN crm_contact c ON c.legacy_id = p.legacy_id AND c.role NOT IN ('physician', 'pharmacist')
LEFT JOIN crm_fate f ON f.entity = 'Contact' AND f.row_id = c.row_id
WHERE p.kind = 1
    AND (c.row_id = p.row_id OR f.outcome = 'superseded' AND f.reason <> 'corrected')
    AND c.legacy_id IN (
    SELECT o.legacy_id FROM crm_fate g JOIN crm_contact o ON o.row_id = g.row_id
    WHERE g.entity = 'Contact' AND g.outcome = 'superseded')
WINDOW w AS (PARTITION BY c.legacy_id ORDER BY c.row_id <> p.row_id, c.version DESC NULLS LAST,
    c.modified DESC NULLS LAST, c.row_id DESC);

-- step: booked calls
CREATE TEMP TABLE crm_booked ON COMMIT DROP AS
SELECT legacy_id, cluster, booking_at AS starts_at, reminder_at, no_show, row_id, modified, created,
    1::bigint AS age, NULL::timestamptz AS changed, inactive, fresh
FROM crm_person WHERE kind = 1 AND booking_at IS NOT NULL;
INSERT INTO crm_booked
SELECT DISTINCT ON (v.legacy_id, v.booking_at) v.legacy_id, v.cluster, v.booking_at, v.reminder_at,
    v.no_show, v.row_id, v.modified, v.created, v.age, v.next_modified, false, p.fresh
FROM crm_version v JOIN crm_person p ON p.kind = 1 AND p.legacy_id = v.legacy_id
WHERE v.age > 1 AND v.booking_at IS NOT NULL AND v.booking_at IS DISTINCT FROM p.booking_at
ORDER BY v.legacy_id, v.booking_at, v.age;

-- step: what became of the calls
-- A time that was overwritten before it came was moved. One that was overwritten afterwards took
-- place or not: that is an outcome nobody wrote down.
CREATE TEMP TABLE crm_booking ON COMMIT DROP AS
SELECT b.*, x.target_id IS NULL AS is_new, coalesce(x.target_id, crm_id(
        (SELECT portal_uuid7()), row_number() OVER (ORDER BY b.starts_at))) AS id,
    t.id AS patient_id, to_char(b.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ')
        ::varchar(40) AS slot,
    CASE
        WHEN b.age > 1 AND (b.starts_at > r.started OR b.changed < b.starts_at) THEN 'rescheduled'
        WHEN b.starts_at > r.started THEN CASE WHEN b.inactive THEN 'cancelled' ELSE 'booked' END
        WHEN b.no_show THEN 'no_show'
        WHEN NOT b.no_show THEN 'completed'
        ELSE 'booked' END::varchar(20) AS status,
    CASE WHEN b.age = 1 AND b.inactive AND b.starts_at > r.started
        THEN 'Inactive in the legacy CRM.' ELSE '' END::varchar(80) AS reason,
    NULL::uuid AS moved_to, false AS clashes, false AS revived, false AS by_next
FROM crm_booked b JOIN crm_target t USING (cluster) CROSS JOIN crm_this r
LEFT JOIN crm_import_crosswalk x ON x.entity = 'Contact' AND x.legacy_id = b.legacy_id
    AND x.target_model = 'bookings.booking'
    AND x.slot = to_char(b.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ')
ORDER BY b.starts_at;

-- statistics: crm_booking (patient_id, starts_at, legacy_id, status, age, is_new)

-- step: no-shows of the call before
-- if: crm_booking WHERE age > 1
-- The row has one no_show. Beside a time that is yet to come it speaks of the call before that.
UPDATE crm_booking b SET status = 'no_show', by_next = true
FROM crm_this r, (
    SELECT legacy_id, min(o.age) AS age FROM crm_booking n JOIN crm_booking o USING (legacy_id)
    WHERE n.age = 1 AND n.no_show AND o.age > 1 AND n.starts_at > (SELECT started FROM crm_this)
    GROUP BY legacy_id
) n
WHERE b.legacy_id = n.legacy_id AND b.age = n.age
    AND b.starts_at <= r.started AND (b.status IN ('booked', 'no_show')
        OR b.status = 'completed' AND (b.modified < b.starts_at) IS NOT FALSE);

-- step: where moved calls went
-- if: crm_booking WHERE status = 'rescheduled'
-- To the booking of the next version; when that has none, the call was called off.
UPDATE crm_booking b SET moved_to = n.next
FROM (SELECT id, lag(id) OVER (PARTITION BY legacy_id ORDER BY age) AS next FROM crm_booking
    WHERE legacy_id IN (SELECT legacy_id FROM crm_booking WHERE age > 1)) n
JOIN crm_booking o ON o.id = n.next
WHERE n.id = b.id AND b.status = 'rescheduled'
    AND (o.is_new OR EXISTS (SELECT FROM bookings_booking k WHERE k.id = n.next));
-- One call goes to a time. When another went there before, this one was called off for it.
UPDATE crm_booking b SET moved_to = NULL, reason = 'Moved in the legacy CRM.'
WHERE b.status = 'rescheduled' AND EXISTS (
    SELECT FROM bookings_booking k WHERE k.rescheduled_to_id = b.moved_to AND k.id <> b.id);
UPDATE crm_booking SET status = 'cancelled',
    reason = coalesce(nullif(reason, ''), 'Removed in the legacy CRM.')
WHERE status = 'rescheduled' AND moved_to IS NULL;

-- step: keys of bookings that are only made further down
-- A booking that is there already may go to one of them.
SET CONSTRAINTS ALL DEFERRED;

-- step: earlier imports that changed since
-- if: crm_booking WHERE NOT is_new
-- Only what nobody touched here. Before the new ones come: a call moved by a quarter of an hour
-- would be in its own way.
UPDATE bookings_booking k SET status = b.status, rescheduled_to_id = b.moved_to,
    no_show_by = CASE WHEN b.status = 'no_show' THEN 'patient' ELSE '' END,
    cancelled_by = CASE WHEN b.status = 'cancelled' THEN 'patient' ELSE '' END,
    cancel_reason = b.reason
FROM crm_booking b
WHERE NOT b.is_new AND b.id = k.id AND k.version = 1 AND k.status = 'booked'
    AND (b.status IN ('rescheduled', 'cancelled')
        OR b.fresh AND b.status IN ('no_show', 'completed'));

-- step: calls that were moved back
-- if: crm_booking WHERE NOT is_new
-- A time that comes again stands again, when it was the CRM that had moved it away.
UPDATE crm_booking b SET revived = true
FROM bookings_booking k
WHERE b.fresh AND NOT b.is_new AND b.age = 1 AND k.id = b.id
    AND b.status IN ('booked', 'no_show', 'completed')
    AND (k.status = 'cancelled' AND k.cancel_reason IN ('Removed in the legacy CRM.',
            'Moved in the legacy CRM.', 'Inactive in the legacy CRM.')
        OR k.status = 'rescheduled' AND EXISTS (SELECT FROM crm_import_crosswalk x
            WHERE x.entity = 'Contact' AND x.legacy_id = b.legacy_id
                AND x.target_model = 'bookings.booking' AND x.target_id = k.rescheduled_to_id));

-- step: calls that overlap
-- if: crm_booking WHERE status = 'booked'
-- Two forms of one person for one time: the later form stands, the other is cancelled. What stands
-- in the portal already stands.
UPDATE crm_booking b SET clashes = true, status = 'cancelled',
    reason = 'Another booking of the same time stands (legacy CRM).'
WHERE b.status = 'booked' AND (b.is_new OR b.revived) AND b.patient_id IN (
    SELECT patient_id FROM crm_booking WHERE status = 'booked' GROUP BY patient_id
    HAVING count(*) > 1
) AND EXISTS (
    SELECT FROM crm_booking o
    WHERE o.patient_id = b.patient_id AND o.status = 'booked' AND (o.is_new OR o.revived)
        AND o.id <> b.id
        AND o.starts_at < b.starts_at + interval '30 minutes'
        AND o.starts_at > b.starts_at - interval '30 minutes'
        AND (coalesce(o.modified, o.created, '-infinity'), o.id)
            > (coalesce(b.modified, b.created, '-infinity'), b.id)
);
UPDATE crm_booking b SET clashes = true, status = 'cancelled',
    reason = 'Another booking of the same time stands (legacy CRM).'
FROM crm_target t, bookings_booking o
WHERE b.status = 'booked' AND (b.is_new OR b.revived) AND t.cluster = b.cluster AND NOT t.is_new
    AND o.patient_id = b.patient_id AND o.status IN ('held', 'booked')
    AND o.starts_at < b.starts_at + interval '30 minutes' AND o.ends_at > b.starts_at;

-- step: calls that stand again
-- if: crm_booking WHERE revived
UPDATE bookings_booking k SET status = b.status, rescheduled_to_id = NULL, cancelled_by = '',
    cancel_reason = '', no_show_by = CASE WHEN b.status = 'no_show' THEN 'patient' ELSE '' END
FROM crm_booking b WHERE b.revived AND NOT b.clashes AND k.id = b.id;

-- make: bookings
-- if: crm_booking WHERE is_new
INSERT INTO bookings_booking (id, created_at, patient_id, starts_at, ends_at, status, no_show_by,
    cancelled_by, cancel_reason, rescheduled_to_id, reminder_at, patient_time_zone, ics_uid)
SELECT b.id, coalesce(b.modified, b.created, r.started), b.patient_id, b.starts_at,
    b.starts_at + interval '30 minutes', b.status,
    CASE WHEN b.status = 'no_show' THEN 'patient' ELSE '' END,
    CASE WHEN b.status = 'cancelled' THEN 'patient' ELSE '' END,
    b.reason, b.moved_to, b.reminder_at, '', md5(b.id::text)::uuid
FROM crm_booking b, crm_this r
WHERE b.is_new ORDER BY b.starts_at;

-- step: keys of bookings
SET CONSTRAINTS ALL IMMEDIATE;

-- step: legacy ids of bookings
-- if: crm_booking WHERE is_new
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, slot, rule, run_id)
SELECT 'Contact', b.legacy_id, 'bookings.booking', b.id, b.slot,
    CASE WHEN b.age = 1 THEN 'booking_date' ELSE 'earlier_booking_date' END, r.id
FROM crm_booking b, crm_this r
WHERE b.is_new ORDER BY b.legacy_id;
