"""SQL: the calls, referrals and dossiers of the people there are."""

# ruff: noqa: S608 - the statements are put together from the texts of this package only

# How many each person gets adds up to the number wanted: running sums of uneven weights, rounded.
# The weights are whole numbers, so that the sums are exact.
_SHARES = """
SELECT person.*, k, n FROM (
    SELECT i, (floor({total} * (running / whole)) - floor({total} * ((running - weight) / whole)))
        ::int AS n
    FROM (SELECT i, weight, sum(weight) OVER (ORDER BY i) AS running, sum(weight) OVER () AS whole
        FROM (SELECT i, 1 + floor(1000000 * power(pg_temp.draw(i, {purpose}), 2)
                -- Not much has happened yet with those who came in the last weeks.
                * least(1, extract(epoch FROM %(now)s - created_at) / 7257600)) AS weight
            FROM scale_person WHERE {who}) weighed) summed) share
JOIN scale_person person USING (i)
CROSS JOIN LATERAL generate_series(1, n) AS k
"""

# Calls begin on the half hour, on weekdays, each of a person's at least six days after the one
# before. The navigator is the patient's own; when two calls meet, the second is one of those whose
# navigator nobody wrote down, as in the legacy CRM. So nobody is ever in two calls at once.
BOOKINGS = f"""
-- The half hours in which navigators have calls already, when people are added to a portal in use.
CREATE TEMP TABLE scale_taken AS
SELECT DISTINCT navigator_id, half_hour FROM bookings_booking,
    generate_series(date_bin('30 minutes', starts_at, timestamptz '2000-01-01 00:00+00'),
        ends_at - interval '1 second', interval '30 minutes') AS half_hour
WHERE navigator_id IN (SELECT id FROM scale_navigator);

CREATE TEMP TABLE scale_booking AS
WITH share AS ({_SHARES.format(total="%(bookings)s", purpose=81, who="true")}),
dated AS (
    SELECT id, i, k, n, owner, owner_id, i * 64 + k AS b,
        created_at + (k - 1) * interval '14 days' AS wished,
        date_trunc('day', created_at, 'UTC')
            + (14 * (k - 1) + 1 + floor(pg_temp.draw(i * 64 + k, 82) * 7)) * interval '1 day' AS day
    FROM share),
timed AS (
    SELECT dated.*, day + CASE extract(isodow FROM day AT TIME ZONE 'UTC')
            WHEN 6 THEN interval '2 days' WHEN 7 THEN interval '1 day' ELSE interval '0' END
        + interval '8 hours' + interval '30 minutes' * floor(pg_temp.draw(b, 83) * 20) AS starts_at,
        least(wished, %(now)s - interval '1 hour' * pg_temp.draw(b, 84)) AS booked_at,
        least(wished + interval '14 days', %(now)s - interval '1 hour' * pg_temp.draw(b + 1, 84))
            AS next_booked_at, pg_temp.draw(b, 85) AS fate
    FROM dated),
settled AS (
    SELECT timed.*, CASE
        WHEN starts_at > %(now)s THEN CASE WHEN fate < 0.93 THEN 'booked'
            WHEN fate < 0.932 THEN 'held' ELSE 'cancelled' END
        WHEN k < n AND fate < 0.08 THEN 'rescheduled'
        WHEN starts_at > %(now)s - interval '10 days' AND fate < 0.2 THEN 'booked'
        WHEN fate < 0.082 THEN 'booked'
        WHEN fate < 0.2 THEN 'no_show'
        WHEN fate < 0.28 THEN 'cancelled'
        ELSE 'completed' END AS status
    FROM timed)
SELECT pg_temp.id7(booked_at, b, 1010) AS booking_id, id AS patient_id, b, i, k, booked_at,
    starts_at, status,
    CASE WHEN half_hour IS NULL AND row_number() OVER (PARTITION BY owner, starts_at ORDER BY b) = 1
        THEN owner_id END AS navigator_id,
    CASE WHEN status = 'rescheduled' THEN pg_temp.id7(next_booked_at, b + 1, 1010) END AS moved_to
FROM settled LEFT JOIN scale_taken ON navigator_id = owner_id AND half_hour = starts_at;
ANALYZE pg_temp.scale_booking;

INSERT INTO bookings_booking (id, created_at, updated_at, version, patient_id, navigator_id,
    starts_at, ends_at, status, held_until, no_show_by, cancelled_by, cancel_reason,
    rescheduled_to_id, reminder_at, patient_time_zone, ics_uid)
SELECT booking_id, booked_at, greatest(booked_at, least(starts_at, %(now)s)), 1, patient_id,
    navigator_id, starts_at, starts_at + interval '30 minutes', status,
    CASE WHEN status = 'held' THEN %(now)s + interval '10 minutes' END,
    CASE WHEN status = 'no_show' THEN 'patient' ELSE '' END,
    CASE WHEN status = 'cancelled' THEN pg_temp.pick(b, 86, ARRAY['patient', 'navigator'])
        ELSE '' END, '', moved_to, starts_at - interval '1 day', wheel.time_zone, booking_id
FROM scale_booking JOIN scale_person USING (i)
JOIN scale_wheel wheel ON wheel.n = scale_person.wheel
ORDER BY starts_at;

INSERT INTO bookings_call (id, created_at, updated_at, patient_id, booking_id, navigator_id,
    started_at, outcome, summary, decision, next_action, next_action_due)
SELECT pg_temp.id7(starts_at, b, 1011), starts_at + interval '20 minutes',
    starts_at + interval '20 minutes', patient_id, booking_id, navigator_id,
    starts_at + interval '1 minute',
    pg_temp.pick(b, 91, ARRAY['reached', 'reached', 'reached', 'voicemail', 'no_answer']),
    pg_temp.pick(b, 92, ARRAY['Talked about the diagnosis and earlier treatment.',
        'Wants to think it over.', 'Will send the letter of the hospital.', '']),
    pg_temp.pick(b, 93, ARRAY['pursue', 'think', '']),
    CASE WHEN due THEN 'Call again about the trial' ELSE '' END,
    CASE WHEN due THEN (starts_at + interval '20 days' * pg_temp.draw(b, 94))::date END
FROM scale_booking CROSS JOIN LATERAL (SELECT
    pg_temp.draw(b, 95) < CASE WHEN starts_at > %(now)s - interval '60 days' THEN 0.2 ELSE 0.002 END
        AS due) drawn
WHERE status = 'completed' AND navigator_id IS NOT NULL
ORDER BY starts_at;
"""

REFERRALS = f"""
WITH share AS ({_SHARES.format(total="%(referrals)s", purpose=101, who="converted")}),
sent AS (
    SELECT share.*, i * 64 + k AS r,
        least(converted_at + k * interval '25 days' * pg_temp.draw(i * 64 + k, 102), %(now)s) AS at,
        CASE WHEN stage = 'closed' THEN pg_temp.pick(i * 64 + k, 103, ARRAY['ineligible',
                'screen_failed', 'completed', 'discontinued', 'withdrawn', 'lost_contact'])
            ELSE pg_temp.pick(i * 64 + k, 103, ARRAY['draft', 'eligible', 'referred', 'referred',
                'acknowledged', 'screening', 'enrolled', 'ineligible', 'declined',
                'screen_failed', 'site_declined', 'completed']) END AS status
    FROM share)
INSERT INTO referrals_ctreferral (id, created_at, updated_at, patient_id, trial_id, physician_id,
    status, eligible, ineligible_reason, ineligible_text, referred_at, outcome)
SELECT pg_temp.id7(at, r, 1012), at, at, sent.id, trial.id, sent.physician_id, status,
    CASE status WHEN 'draft' THEN 'unknown' WHEN 'ineligible' THEN 'no' ELSE 'yes' END,
    CASE WHEN status = 'ineligible' THEN pg_temp.pick(r, 104, ARRAY['age', 'lab', 'distance',
        'prior_treatment', 'other']) ELSE '' END, '',
    CASE WHEN status NOT IN ('draft', 'eligible', 'ineligible', 'declined') THEN at END,
    CASE status WHEN 'enrolled' THEN 'enrolled' WHEN 'completed' THEN 'enrolled'
        WHEN 'discontinued' THEN 'enrolled' WHEN 'screen_failed' THEN 'screen_failed'
        WHEN 'withdrawn' THEN 'withdrawn' WHEN 'site_declined' THEN 'site_declined'
        WHEN 'lost_contact' THEN 'other' ELSE 'pending' END
FROM sent JOIN scale_trial trial ON trial.n
    = mod(floor(power(pg_temp.draw(i, 105), 2) * %(trials)s)::int + k - 1, %(trials)s)
ORDER BY at;
"""

DOSSIERS = f"""
CREATE TEMP TABLE scale_dossier AS
SELECT i * 64 + k AS d, k, id AS patient_id, i, stage, physician_id, hospital_id,
    least(converted_at + k * interval '40 days' * pg_temp.draw(i * 64 + k, 111), %(now)s) AS at
FROM ({_SHARES.format(total="%(dossiers)s", purpose=112, who="converted")}) share;

INSERT INTO referrals_eapdossier (id, created_at, updated_at, patient_id, program_id, number,
    physician_id, hospital_id, urgency, enrolled_on, state, closed_reason)
SELECT pg_temp.id7(at, d, 1013), at, at, patient_id, program.id, 'D-' || d, physician_id,
    CASE WHEN physician_id IS NOT NULL THEN hospital_id END,
    pg_temp.pick(d, 113, ARRAY['routine', 'routine', 'urgent']),
    CASE WHEN pg_temp.draw(d, 114) < 0.3 THEN at::date END,
    CASE WHEN stage = 'closed' THEN 'closed' ELSE 'open' END,
    CASE WHEN stage = 'closed' THEN pg_temp.pick(d, 115, ARRAY['treated', 'rejected', 'withdrawn'])
        ELSE '' END
FROM scale_dossier JOIN scale_program program ON program.n
    = mod(floor(pg_temp.draw(i, 116) * %(programs)s)::int + k - 1, %(programs)s)
ORDER BY at;

INSERT INTO referrals_dossierstep (id, created_at, updated_at, dossier_id, title, position, status,
    responsible, due_on, submitted_on, decided_on, reference)
SELECT pg_temp.id7(at, d, 1013 + position), at, at, pg_temp.id7(at, d, 1013),
    (ARRAY['Ask the sponsor', 'Approval of the authority', 'Import of the product'])[position],
    position, CASE WHEN done THEN 'approved' WHEN position = 2 THEN 'submitted'
        ELSE 'not_started' END,
    (ARRAY['sponsor', 'authority', 'pharmacy'])[position],
    (at + position * interval '15 days')::date,
    CASE WHEN done OR position = 2 THEN at::date END, CASE WHEN done THEN at::date + 5 END, ''
FROM scale_dossier, generate_series(1, 3) AS position
CROSS JOIN LATERAL (SELECT pg_temp.draw(d * 4 + position, 117) < 0.6 AND position = 1 AS done) drawn
ORDER BY at;
"""
