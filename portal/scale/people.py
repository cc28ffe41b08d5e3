"""SQL: who there is, the lists they are in, and what they said."""

# ruff: noqa: S608 - the statements are put together from the texts of this package only

PREPARE = (
    (
        "functions",
        """
-- A number from 0 up to 1 that depends on nothing but n and what it is for.
CREATE OR REPLACE FUNCTION pg_temp.draw(n bigint, purpose bigint) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(n, purpose) & 9007199254740991)::float8 / 9007199254740992;

CREATE OR REPLACE FUNCTION pg_temp.pick(n bigint, purpose bigint, choices text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN choices[1 + floor(pg_temp.draw(n, purpose) * cardinality(choices))::int];

-- A UUID version 7 of that instant (RFC 9562); 74 bits hashed from what it is for. Not IMMUTABLE,
-- because date_part is not, and a function that claims more than its body is called, not inlined.
CREATE OR REPLACE FUNCTION pg_temp.id7(at timestamptz, n bigint, purpose bigint) RETURNS uuid
LANGUAGE sql STABLE
RETURN encode(
    int8send(((date_part('epoch', at) * 1000)::bigint << 16)
        | 28672 | (hashint8extended(n, purpose + 1000000) & 4095))
    || int8send(hashint8extended(n, purpose) & 4611686018427387903 | (-9223372036854775808)),
    'hex')::uuid;

CREATE TEMP TABLE scale_given (n int, name text, plain text);
CREATE TEMP TABLE scale_family (n int, name text, plain text);
CREATE TEMP TABLE scale_wheel (
    n int, sex text, country text, language text, time_zone text, dial text, digits int,
    given_from int, given_count int, second_given float8, given_joint text,
    family_from int, family_count int, second_family float8, family_joint text);
""",
    ),
)

# Somebody's name: `wheel` says which names, the draws say which of them.
_NAME = """
    wheel.n AS wheel,
    wheel.given_from + floor(pg_temp.draw(i, 11) * wheel.given_count)::int AS given,
    CASE WHEN pg_temp.draw(i, 12) < wheel.second_given
        THEN wheel.given_from + floor(pg_temp.draw(i, 13) * wheel.given_count)::int END AS given2,
    wheel.family_from + floor(pg_temp.draw(i, 14) * wheel.family_count)::int AS family,
    CASE WHEN pg_temp.draw(i, 15) < wheel.second_family
        THEN wheel.family_from + floor(pg_temp.draw(i, 16) * wheel.family_count)::int END AS family2
"""
_NAMED = """
    given.name || coalesce(nullif(wheel.given_joint || given2.name,
        wheel.given_joint || given.name), '') AS first_name,
    family.name || coalesce(nullif(wheel.family_joint || family2.name,
        wheel.family_joint || family.name), '') AS last_name,
    given.plain || '.' || family.plain AS plain
"""
_NAME_TABLES = """
    JOIN scale_wheel wheel ON wheel.n = drawn.wheel
    JOIN scale_given given ON given.n = drawn.given
    LEFT JOIN scale_given given2 ON given2.n = drawn.given2
    JOIN scale_family family ON family.n = drawn.family
    LEFT JOIN scale_family family2 ON family2.n = drawn.family2
"""
_PHONE = """
    wheel.dial || lpad(floor(pg_temp.draw(i, 17) * power(10, wheel.digits))::bigint::text,
        wheel.digits, '0')
"""
_DOMAIN = """
    pg_temp.pick(i, 18, ARRAY['mail.example.com', 'post.example.org', 'inbox.example.net',
        'home.example.com', 'webmail.example.com', 'example.org'])
"""

STAFF_AND_LISTS = f"""
INSERT INTO core_user (password, is_superuser, username, name, email, language, time_zone,
    languages_spoken, is_active, is_staff)
SELECT '!' || md5(i::text), false, 'navigator' || lpad(i::text, 4, '0'),
    first_name || ' ' || last_name, 'navigator' || lpad(i::text, 4, '0') || '@portal.example',
    'en', 'Europe/Amsterdam', ARRAY['en'], true, true
FROM (SELECT i, {_NAME} FROM generate_series(1, %(navigators)s) i
    JOIN scale_wheel wheel ON wheel.n = floor(pg_temp.draw(-i, 10) * 200)::int) drawn
CROSS JOIN LATERAL (SELECT {_NAMED} FROM (SELECT) nothing {_NAME_TABLES}) named
ON CONFLICT DO NOTHING;

CREATE TEMP TABLE scale_navigator AS
SELECT row_number() OVER (ORDER BY username) - 1 AS n, id FROM core_user
WHERE username ~ '^navigator[0-9]{{4}}$' ORDER BY username LIMIT %(navigators)s;

INSERT INTO core_user_groups (user_id, group_id)
SELECT navigator.id, auth_group.id FROM scale_navigator navigator, auth_group
WHERE auth_group.name = %(role)s ON CONFLICT DO NOTHING;

INSERT INTO bookings_workinghours (navigator_id, weekday, starts, ends, time_zone)
SELECT id, weekday, '08:00', '18:00', 'UTC' FROM scale_navigator, generate_series(1, 5) weekday
ON CONFLICT DO NOTHING;

INSERT INTO patients_medicalcondition (name, abbreviation, code, code_system)
SELECT family || ' type ' || type, '', '', ''
FROM unnest(ARRAY['Charcot–Marie–Tooth disease', 'Limb-girdle muscular dystrophy',
    'Spinocerebellar ataxia', 'Mucopolysaccharidosis', 'Glycogen storage disease',
    'Neuronal ceroid lipofuscinosis', 'Hereditary spastic paraplegia', 'Usher syndrome',
    'Osteogenesis imperfecta', 'Ehlers-Danlos syndrome', 'Long QT syndrome',
    'Spinal muscular atrophy', 'Gaucher disease', 'Niemann-Pick disease', 'Waardenburg syndrome',
    'Leber congenital amaurosis', 'Multiple endocrine neoplasia', 'Familial hyperaldosteronism',
    'Episodic ataxia', 'Bartter syndrome', 'Hermansky-Pudlak syndrome', 'Joubert syndrome',
    'Distal arthrogryposis', 'Brugada syndrome', 'Fanconi anaemia', 'Porphyria',
    'Congenital disorder of glycosylation', 'Ménière disease', 'Sjögren-Larsson syndrome',
    'Guillain-Barré syndrome']) AS family, generate_series(1, 10) AS type
ON CONFLICT DO NOTHING;
INSERT INTO patients_conditionname (condition_id, name, language, origin)
SELECT id, name, 'en', 'registry' FROM patients_medicalcondition ON CONFLICT DO NOTHING;

CREATE TEMP TABLE scale_condition AS
SELECT row_number() OVER (ORDER BY code = '', name) - 1 AS n, id, name
FROM patients_medicalcondition;

INSERT INTO patients_hospital (name, city, country)
SELECT kind || CASE WHEN number > 0 THEN ' ' || number + 1 ELSE '' END, split_part(place, ',', 1),
    split_part(place, ',', 2)
FROM generate_series(0, 999) AS number,
    unnest(ARRAY['University Medical Centre', 'Saint Elisabeth Hospital', 'Saint Luke Hospital',
        'Children’s Hospital', 'General Hospital', 'Cancer Institute', 'Neurological Institute',
        'Heart and Lung Centre', 'Clinic of Rare Diseases', 'Saint-François Hospital'])
        WITH ORDINALITY AS kinds(kind, k),
    unnest(ARRAY['Amsterdam,NL', 'Groningen,NL', 'Maastricht,NL', 'London,GB', 'Leeds,GB',
        'Edinburgh,GB', 'München,DE', 'Köln,DE', 'Leipzig,DE', 'Paris,FR', 'Besançon,FR',
        'Lyon,FR', 'Madrid,ES', 'Málaga,ES', 'Lisboa,PT', 'Coimbra,PT', 'Kraków,PL', 'Łódź,PL',
        'İzmir,TR', 'İstanbul,TR', 'Huế,VN', 'Đà Nẵng,VN', 'Fès,MA', 'Rabat,MA', 'Malmö,SE',
        'Göteborg,SE', 'Milano,IT', 'Forlì,IT', 'Zürich,CH', 'Wien,AT'])
        WITH ORDINALITY AS places(place, p)
WHERE number < 1 + %(hospitals)s / 300
ORDER BY number, k, p LIMIT %(hospitals)s;

INSERT INTO patients_specialization (name)
SELECT unnest(ARRAY['Neurology', 'Paediatric neurology', 'Pulmonology', 'Medical oncology',
    'Neuro-oncology', 'Haematology', 'Clinical genetics', 'Cardiology', 'Nephrology',
    'Ophthalmology', 'Dermatology', 'Rheumatology', 'Internal medicine', 'Radiation oncology',
    'Rehabilitation medicine', 'Hospital pharmacy', 'Clinical pharmacology'])
ON CONFLICT DO NOTHING;
"""

SPECIALISTS = f"""
WITH hospital AS (SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM patients_hospital),
specialization AS (
    SELECT row_number() OVER (ORDER BY name) - 1 AS n, id FROM patients_specialization),
counted AS (SELECT (SELECT count(*) FROM hospital) AS hospitals,
    (SELECT count(*) FROM specialization) AS specializations),
drawn AS (
    SELECT s, i, floor(power(pg_temp.draw(i, 31), 2) * hospitals)::int AS hospital,
        floor(pg_temp.draw(i, 32) * specializations)::int AS specialization, {_NAME}
    FROM counted, generate_series(1, %(specialists)s) s
    CROSS JOIN LATERAL (SELECT -1000000 - %(specialist_base)s - s AS i) numbered
    JOIN scale_wheel wheel ON wheel.n = floor(pg_temp.draw(i, 10) * 200)::int)
INSERT INTO patients_specialist (id, created_at, updated_at, first_name, last_name, email, phone,
    country, language, time_zone, contact_type, job_title, medical_license_number, is_active,
    hospital_id, specialization_id)
SELECT pg_temp.id7(%(now)s - interval '6 years' + s * interval '1 minute', i, 1001),
    %(now)s - interval '6 years' + s * interval '1 minute', %(now)s - interval '1 year',
    named.first_name, named.last_name, named.plain || '.' || abs(i) || '@hospital.example.net',
    {_PHONE}, wheel.country, wheel.language, wheel.time_zone,
    CASE WHEN pg_temp.draw(i, 33) < 0.85 THEN 'physician' ELSE 'pharmacist' END,
    pg_temp.pick(i, 34, ARRAY['Consultant', 'Professor', 'Senior registrar', '']),
    wheel.country || '-' || 100000000 + abs(i), pg_temp.draw(i, 35) > 0.02,
    CASE WHEN pg_temp.draw(i, 36) > 0.03 THEN hospital.id END, specialization.id
FROM drawn {_NAME_TABLES}
LEFT JOIN hospital ON hospital.n = drawn.hospital
LEFT JOIN specialization ON specialization.n = drawn.specialization
CROSS JOIN LATERAL (SELECT {_NAMED}) named;

CREATE TEMP TABLE scale_physician AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, hospital_id FROM patients_specialist
WHERE contact_type = 'physician';
ANALYZE pg_temp.scale_physician;
"""

CATALOGUE = """
INSERT INTO referrals_clinicaltrial (created_at, updated_at, registry, registry_id, title, sponsor,
    status, phases, sex, minimum_age, maximum_age, criteria_text, last_confirmed_on,
    last_confirmed_with)
SELECT %(now)s - (%(trials)s - t) * interval '1 hour', %(now)s - interval '1 day', 'NCT',
    'NCT' || 90000000 + t, 'A phase ' || 1 + mod(t, 3) || ' study of a new treatment in '
        || condition.name,
    pg_temp.pick(t, 41, ARRAY['Aarhus Therapeutics', 'Belvédère Bio', 'Cambium', 'Quintessa',
        'University of Malmö', 'Łódź Medical Institute']),
    pg_temp.pick(t, 42, ARRAY['RECRUITING', 'RECRUITING', 'RECRUITING', 'NOT_YET_RECRUITING',
        'ACTIVE_NOT_RECRUITING', 'COMPLETED', 'TERMINATED', 'UNKNOWN']),
    ARRAY['PHASE' || 1 + mod(t, 3)], 'ALL', pg_temp.pick(t, 43, ARRAY['18 Years', '4 Years', '']),
    pg_temp.pick(t, 44, ARRAY['75 Years', '']),
    repeat('Inclusion: a confirmed diagnosis. Exclusion: another study in the last 30 days. ', 8),
    CASE WHEN pg_temp.draw(t, 45) < 0.6 THEN (%(now)s)::date - floor(pg_temp.draw(t, 46) * 90)::int
        END, ''
FROM generate_series(%(trial_base)s + 1, %(trial_base)s + %(trials)s) t
JOIN scale_condition condition ON condition.n
    = mod(t, (SELECT count(*) FROM scale_condition));

CREATE TEMP TABLE scale_trial AS
SELECT row_number() OVER (ORDER BY registry_id DESC) - 1 AS n, id, title
FROM referrals_clinicaltrial ORDER BY registry_id DESC LIMIT %(trials)s;

INSERT INTO referrals_trialcondition (trial_id, condition_id)
SELECT trial.id, condition.id FROM scale_trial trial, scale_condition condition
WHERE trial.title LIKE '%%in ' || condition.name ON CONFLICT DO NOTHING;

INSERT INTO referrals_trialsite (trial_id, facility, hospital_id, city, country, status)
SELECT trial.id, hospital.name, hospital.id, hospital.city, hospital.country, 'RECRUITING'
FROM scale_trial trial, generate_series(1, 5) k
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS n, patients_hospital.* FROM patients_hospital)
    hospital ON true
WHERE hospital.n = mod(trial.n * 7 + k * 13, (SELECT count(*) FROM patients_hospital))
ON CONFLICT DO NOTHING;

INSERT INTO referrals_product (name, substance, manufacturer)
SELECT initcap(a || b), a || 'imab', 'Quintessa'
FROM unnest(ARRAY['myol', 'dystav', 'cerebr', 'alveod', 'neur', 'ocul', 'hepat', 'nephr']) a,
    unnest(ARRAY['estra', 'oren', 'ixin', 'anib', 'elan']) b
ON CONFLICT DO NOTHING;
INSERT INTO referrals_expandedaccessprogram (eap_number, title, product_id, sponsor, registry_id,
    countries, availability, last_confirmed_with)
SELECT 'EAP-9-' || lpad(e::text, 5, '0'), 'Early access to ' || product.name, product.id,
    product.manufacturer, '', ARRAY['NL', 'DE', 'FR'],
    pg_temp.pick(e, 47, ARRAY['AVAILABLE', 'AVAILABLE', 'TEMPORARILY_NOT_AVAILABLE', 'UNKNOWN']), ''
FROM generate_series(%(program_base)s + 1, %(program_base)s + %(programs)s) e
JOIN (SELECT row_number() OVER (ORDER BY name) - 1 AS n, referrals_product.*
    FROM referrals_product) product
    ON product.n = mod(e, (SELECT count(*) FROM referrals_product));
CREATE TEMP TABLE scale_program AS
SELECT row_number() OVER (ORDER BY eap_number DESC) - 1 AS n, id
FROM referrals_expandedaccessprogram ORDER BY eap_number DESC LIMIT %(programs)s;
"""

# Over five years, denser towards today. Lower numbers of conditions and physicians have many.
PEOPLE = f"""
CREATE TEMP TABLE scale_person AS
WITH counted AS (SELECT (SELECT count(*) FROM scale_navigator) AS navigators,
    (SELECT count(*) FROM scale_condition) AS conditions,
    (SELECT count(*) FROM scale_physician) AS physicians),
timed AS (
    SELECT i, %(now)s - interval '2 hours' - interval '1826 days'
        * power(1 - (i - %(base)s - pg_temp.draw(i, 1)) / %(patients)s, 1.9) AS created_at
    FROM generate_series(%(base)s + 1, %(base)s + %(patients)s) i),
staged AS (
    SELECT i, created_at, CASE
        WHEN created_at > %(now)s - interval '3 days' OR pg_temp.draw(i, 2) < 0.3 THEN 'lead'
        WHEN pg_temp.draw(i, 2) < 0.6 THEN 'patient' ELSE 'closed' END AS stage
    FROM timed),
drawn AS (
    SELECT i, created_at, stage,
        stage = 'patient' OR (stage = 'closed' AND pg_temp.draw(i, 3) < 0.4) AS converted,
        CASE WHEN pg_temp.draw(i, 4) < 0.93
            THEN floor(pg_temp.draw(i, 5) * navigators)::int END AS owner,
        CASE WHEN pg_temp.draw(i, 6) < 0.96
            THEN floor(power(pg_temp.draw(i, 7), 3) * conditions)::int END AS condition,
        CASE WHEN pg_temp.draw(i, 8) < 0.85
            THEN floor(power(pg_temp.draw(i, 9), 2) * physicians)::int END AS physician,
        {_NAME}
    FROM staged CROSS JOIN counted
    JOIN scale_wheel wheel ON wheel.n = floor(pg_temp.draw(i, 10) * 200)::int)
SELECT drawn.*, pg_temp.id7(created_at, i, 1002) AS id,
    least(created_at + interval '4 days' * pg_temp.draw(i, 51), %(now)s) AS reached_at,
    least(created_at + interval '20 days' * (0.2 + pg_temp.draw(i, 52)), %(now)s) AS converted_at,
    navigator.id AS owner_id, condition_row.id AS condition_id,
    CASE WHEN converted THEN physician_row.id END AS physician_id, physician_row.hospital_id
FROM drawn
LEFT JOIN scale_navigator navigator ON navigator.n = drawn.owner
LEFT JOIN scale_condition condition_row ON condition_row.n = drawn.condition
LEFT JOIN scale_physician physician_row ON physician_row.n = drawn.physician;
ANALYZE pg_temp.scale_person;
"""

PATIENTS = f"""
CREATE TEMP TABLE scale_named AS
SELECT drawn.i, {_NAMED}, wheel.country, wheel.language, wheel.time_zone, wheel.sex,
    {_PHONE} AS phone
FROM scale_person drawn {_NAME_TABLES};
ANALYZE pg_temp.scale_named;

INSERT INTO patients_patient (id, created_at, updated_at, version, first_name, last_name, email,
    phone, country, language, time_zone, stage, closed_reason, owner_id, medical_condition_id,
    physician_id, first_contact_at, initial_consult_at, converted_at, converted_by_id,
    date_of_birth, sex, on_behalf_of_name, on_behalf_of_relation, voicemail, deceased_on)
SELECT id, created_at, greatest(created_at, CASE WHEN converted THEN converted_at END),
    CASE WHEN converted THEN 3 ELSE 1 END, first_name, last_name,
    CASE WHEN pg_temp.draw(i, 61) < 0.94 THEN plain || '.' || i || '@' || {_DOMAIN} ELSE '' END,
    CASE WHEN pg_temp.draw(i, 62) < 0.9 THEN phone ELSE '' END, country, language, time_zone,
    stage, CASE WHEN stage = 'closed' THEN reason ELSE '' END, owner_id, condition_id,
    physician_id, created_at,
    CASE WHEN converted OR pg_temp.draw(i, 63) < 0.4 THEN reached_at END,
    CASE WHEN converted THEN converted_at END, CASE WHEN converted THEN owner_id END,
    born, sex, CASE WHEN pg_temp.draw(i, 64) < 0.1 THEN 'M. ' || last_name ELSE '' END,
    CASE WHEN pg_temp.draw(i, 64) < 0.1 THEN 'parent' ELSE '' END, 'no_name',
    CASE WHEN stage = 'closed' AND reason = 'deceased' THEN (%(now)s)::date END
FROM scale_person JOIN scale_named USING (i)
CROSS JOIN LATERAL (SELECT
    CASE WHEN pg_temp.draw(i, 65) < 0.8
        THEN (%(now)s)::date - 400 - floor(pg_temp.draw(i, 66) * 30000)::int END AS born,
    CASE WHEN converted THEN pg_temp.pick(i, 67, ARRAY['deceased', 'completed', 'withdrawn'])
        ELSE pg_temp.pick(i, 67, ARRAY['disqualified', 'unreachable', 'withdrawn']) END AS reason
) drawn
ORDER BY i;

INSERT INTO patients_contactpoint (id, created_at, updated_at, patient_id, kind, value, origin,
    remark)
SELECT pg_temp.id7(created_at, i, 1003), created_at, created_at, id,
    CASE WHEN mod(i, 2) = 0 THEN 'email' ELSE 'phone' END,
    CASE WHEN mod(i, 2) = 0 THEN plain || '@family.example.net' ELSE phone END, 'submission', ''
FROM scale_person JOIN scale_named USING (i) WHERE pg_temp.draw(i, 71) < 0.05;

INSERT INTO patients_possibleduplicate (created_at, updated_at, first_patient_id,
    second_patient_id, tier)
SELECT max(created_at), max(created_at), (array_agg(id ORDER BY id))[1],
    (array_agg(id ORDER BY id))[2], 'R3'
FROM scale_person JOIN scale_named USING (i)
WHERE pg_temp.draw(i, 72) < 0.1 GROUP BY first_name, last_name, condition_id
HAVING count(*) > 1 ORDER BY 1 LIMIT 2000 ON CONFLICT DO NOTHING;
"""

# Since the portal is in use, three months, every form and every decision is on record.
SUBMISSIONS = """
INSERT INTO patients_submission (id, created_at, updated_at, patient_id, source, received_at,
    payload, match, idempotency_key)
SELECT pg_temp.id7(created_at, i, 1004), created_at, created_at, id, 'landing_page',
    created_at, jsonb_build_object('first_name', first_name, 'last_name', last_name,
        'call', 'in the morning', 'question', 'Is there a trial near ' || country || '?'),
    'new', ''
FROM scale_person JOIN scale_named USING (i) WHERE created_at > %(now)s - interval '90 days';

INSERT INTO patients_consent (id, created_at, updated_at, patient_id, purpose, scope, decision,
    decided_at, text_version, language, method, evidence)
SELECT pg_temp.id7(created_at, i, 1005 + place), created_at, created_at, id, purpose, '', 'given',
    created_at, '2026-01', language, 'web_form', ''
FROM scale_person JOIN scale_named USING (i),
    unnest(ARRAY['navigation', 'contact']) WITH ORDINALITY AS decided(purpose, place)
WHERE created_at > %(now)s - interval '90 days';

INSERT INTO patients_note (id, created_at, updated_at, patient_id, author_id, text)
SELECT pg_temp.id7(reached_at, i, 1009), reached_at, reached_at, id, owner_id,
    pg_temp.pick(i, 73, ARRAY['Prefers to be called in the morning.', 'Speaks through a daughter.',
        'Has read about the trial and hopes to join.', 'Asked for written information.'])
FROM scale_person WHERE pg_temp.draw(i, 74) < 0.1;
"""
