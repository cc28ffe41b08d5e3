"""A portal full of invented people, to measure with: made by SQL, inside the database.

`fill` writes in one transaction, parents before children. Everything is drawn from hashes of a
running number, so the same sizes give the same people. Nobody exists: names are put together from
the lists of the demonstration, mail domains are reserved ones (RFC 2606), trial numbers begin with
NCT9, a range that the registry has not reached.

`settle` is called after the commit, because VACUUM cannot run inside a transaction.
"""

# ruff: noqa: S608 - the statements are put together from the texts of this file only

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg import errors, sql

from crm_import.demo.names import CULTURES, Culture, ascii_letters
from portal.roles import Role

Tell = Callable[[str], None]


class NotAllowed(Exception):
    """The database account may not switch triggers off."""


class BrokenReferences(Exception):
    """Rows were written that point at nothing; nothing has been kept."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows to make. A patient has up to six bookings and a few referrals."""

    patients: int = 1_000_000
    bookings: int = 2_000_000
    referrals: int = 300_000
    dossiers: int = 50_000
    specialists: int = 10_000
    hospitals: int = 900
    trials: int = 2_000
    programs: int = 80
    navigators: int = 20


# The tables that get many rows. Their indexes are taken away and built again afterwards, which
# takes a third of the time that keeping them up row by row does.
LARGE = (
    "patients_patient",
    "patients_contactpoint",
    "patients_submission",
    "patients_consent",
    "patients_note",
    "bookings_booking",
    "bookings_call",
    "referrals_ctreferral",
    "referrals_eapdossier",
    "referrals_dossierstep",
)
SMALL = (
    "core_user",
    "core_user_groups",
    "patients_medicalcondition",
    "patients_conditionname",
    "patients_hospital",
    "patients_specialization",
    "patients_specialist",
    "patients_possibleduplicate",
    "bookings_workinghours",
    "referrals_clinicaltrial",
    "referrals_trialcondition",
    "referrals_trialsite",
    "referrals_product",
    "referrals_expandedaccessprogram",
)


def fill(
    size: Size, *, history: bool = False, now: datetime | None = None, tell: Tell = lambda _: None
) -> dict[str, int]:
    """Write `size` rows and return how many went into each table.

    Triggers are off meanwhile, as for any bulk restore: history would hold each generated row a
    second time and be the larger part of the database. That also switches foreign keys off, so
    they are verified before the commit. `history` leaves everything on. `tell` gets one line for
    each step.

    Raises NotAllowed when the account may not switch triggers off, BrokenReferences when the
    verification fails.
    """
    with transaction.atomic():
        before = _counts()
        values = {
            **{name: getattr(size, name) for name in Size.__dataclass_fields__},
            "now": now or timezone.now(),
            # Numbers go on where an earlier filling ended, so that addresses stay unique.
            "base": before["patients_patient"],
            "trial_base": before["referrals_clinicaltrial"],
            "program_base": before["referrals_expandedaccessprogram"],
            "specialist_base": before["patients_specialist"],
            "role": Role.NAVIGATOR.value,
        }
        with _memory(), _triggers_off(unless=history), _indexes_built_afterwards(tell):
            for name, statement in [*_PREPARE, ("names", ""), *_WRITE]:
                started = time.monotonic()
                if statement:
                    _run(statement, values)
                else:
                    _load_names()
                tell(f"{name}: {time.monotonic() - started:.1f} s")
        for table in _TEMPORARY:
            _run(f"DROP TABLE pg_temp.{table}")
        if not history:
            _refuse_orphans(tell)
        after = _counts()
    return {table: after[table] - before[table] for table in (*SMALL, *LARGE)}


def settle() -> None:
    """Bring the planner's statistics and the visibility maps up to date. Not in a transaction."""
    for table in (*SMALL, *LARGE):
        _run(f"VACUUM (ANALYZE) {table}")


def orphans(tables: tuple[str, ...] = (*SMALL, *LARGE)) -> dict[str, int]:
    """Rows whose foreign key points at nothing, by constraint; empty when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, conrelid::regclass::text, confrelid::regclass::text,"
            " (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]),"
            " (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1])"
            " FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        found = {}
        for name, table, target, column, key in cursor.fetchall():
            question = sql.SQL(
                "SELECT count(*) FROM {} AS child WHERE {} IS NOT NULL AND NOT EXISTS"
                " (SELECT FROM {} AS parent WHERE parent.{} = child.{})"
            ).format(*map(sql.Identifier, (table, column, target, key, column)))
            cursor.execute(question)
            (count,) = cursor.fetchone()
            if count:
                found[name] = count
        return found


def _refuse_orphans(tell: Tell) -> None:
    started = time.monotonic()
    found = orphans()
    if found:
        message = ", ".join(f"{name}: {count}" for name, count in sorted(found.items()))
        raise BrokenReferences(message)
    tell(f"foreign keys verified: {time.monotonic() - started:.1f} s")


def _run(statement: str, values: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in (*SMALL, *LARGE):
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
        return counts


# --- how the server is set up meanwhile ----------------------------------------------------------


@contextmanager
def _memory() -> Iterator[None]:
    _run("SET LOCAL work_mem = '256MB'")
    _run("SET LOCAL maintenance_work_mem = '512MB'")
    yield
    _run("SET LOCAL work_mem = DEFAULT")
    _run("SET LOCAL maintenance_work_mem = DEFAULT")


@contextmanager
def _triggers_off(*, unless: bool) -> Iterator[None]:
    """History, row versions and foreign keys are triggers; in the replica role none of them fire.

    Unique, exclusion and check constraints still hold.
    """
    if unless:
        yield
        return
    try:
        with transaction.atomic():
            _run("SET LOCAL session_replication_role = 'replica'")
    except Exception as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise NotAllowed from error
        raise
    yield
    _run("SET LOCAL session_replication_role = 'origin'")


@contextmanager
def _indexes_built_afterwards(tell: Tell) -> Iterator[None]:
    """Drop the indexes of the large tables that belong to no constraint, and build them again."""
    with connection.cursor() as cursor:
        # Deferred foreign keys that wait for the commit would stand in the way.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indrelid::regclass"
            " FROM pg_index WHERE indrelid::regclass::text = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
            " ORDER BY indrelid::regclass::text, indexrelid",
            [list(LARGE)],
        )
        indexes = cursor.fetchall()
        for name, _definition, _table in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    started = time.monotonic()
    for _name, definition, _table in indexes:
        _run(definition)
    _run("SET CONSTRAINTS ALL DEFERRED")
    tell(f"{len(indexes)} indexes: {time.monotonic() - started:.1f} s")


# --- names --------------------------------------------------------------------------------------

# Language, time zone, and how a mobile number begins and how many digits follow.
_PLACES = {
    "NL": ("nl", "Europe/Amsterdam", "+316", 8),
    "GB": ("en", "Europe/London", "+447", 9),
    "DE": ("de", "Europe/Berlin", "+4915", 9),
    "FR": ("fr", "Europe/Paris", "+336", 8),
    "ES": ("es", "Europe/Madrid", "+346", 8),
    "PT": ("pt", "Europe/Lisbon", "+3519", 8),
    "PL": ("pl", "Europe/Warsaw", "+485", 8),
    "TR": ("tr", "Europe/Istanbul", "+905", 9),
    "VN": ("vi", "Asia/Ho_Chi_Minh", "+849", 8),
    "MA": ("ar", "Africa/Casablanca", "+2126", 8),
    "SE": ("sv", "Europe/Stockholm", "+467", 8),
    "IT": ("it", "Europe/Rome", "+393", 9),
}


def _load_names() -> None:
    """The name lists as two tables, and a wheel of two hundred places that says which part of them

    to draw from: one hundred for women, one hundred for men, as many per culture as its share.
    """
    given: list[str] = []
    family: list[str] = []
    wheel: list[tuple[Any, ...]] = []
    for sex in ("female", "male"):
        for culture in CULTURES:
            part = _part(culture, sex, given, family)
            wheel += [(len(wheel) + place, *part) for place in range(culture.share)]
    with connection.cursor() as cursor:
        for table, names in (("scale_given", given), ("scale_family", family)):
            with cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
                for number, name in enumerate(names):
                    copy.write_row((number, name, ascii_letters(name)))
        with cursor.copy("COPY pg_temp.scale_wheel FROM STDIN") as copy:
            for row in wheel:
                copy.write_row(row)
        for table in ("scale_given", "scale_family", "scale_wheel"):
            cursor.execute(f"ANALYZE pg_temp.{table}")


def _part(culture: Culture, sex: str, given: list[str], family: list[str]) -> tuple[Any, ...]:
    """Put the names of a culture into the lists; returns where they are, and how they are used."""
    first = culture.female if sex == "female" else culture.male
    last = culture.surnames
    if sex == "female" and culture.feminine is not None:
        last = [culture.feminine(name) for name in last]
    start_given, start_family = len(given), len(family)
    given += first
    family += last
    return (
        sex,
        culture.country,
        *_PLACES[culture.country],
        *(start_given, len(first), culture.second_given, culture.given_joint),
        *(start_family, len(last), culture.second_surname, culture.surname_joint),
    )


# --- what is written ------------------------------------------------------------------------------

_TEMPORARY = (
    "scale_given",
    "scale_family",
    "scale_wheel",
    "scale_navigator",
    "scale_condition",
    "scale_physician",
    "scale_trial",
    "scale_program",
    "scale_person",
    "scale_named",
    "scale_taken",
    "scale_booking",
    "scale_dossier",
)

_PREPARE = (
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

_STAFF_AND_LISTS = f"""
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

_SPECIALISTS = f"""
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

_CATALOGUE = """
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
_PEOPLE = f"""
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

_PATIENTS = f"""
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
_SUBMISSIONS = """
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
_BOOKINGS = f"""
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

_REFERRALS = f"""
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

_DOSSIERS = f"""
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

_WRITE = (
    ("staff and lists", _STAFF_AND_LISTS),
    ("specialists", _SPECIALISTS),
    ("trials and programs", _CATALOGUE),
    ("who there is", _PEOPLE),
    ("patients", _PATIENTS),
    ("submissions, consents, notes", _SUBMISSIONS),
    ("bookings and calls", _BOOKINGS),
    ("referrals", _REFERRALS),
    ("dossiers", _DOSSIERS),
)
