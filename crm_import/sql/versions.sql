-- Which row of a legacy id counts. Used once for each table; __ENTITY__, __ROWS__ (the cleaned
-- rows), __ARCHIVE__ and __CONTENT__ (all columns but the id) are filled in.

-- step: unusable ids of __ENTITY__
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT '__ENTITY__', row_id, 'quarantined', 'bad_id' FROM __ROWS__ WHERE legacy_id IS NULL;

-- step: rows of __ENTITY__ that were deleted before they were seen
-- if: __ROWS__ WHERE deleted
-- A table of their own, that the planner knows to be small: mostly there are none.
CREATE TEMP TABLE crm_tomb AS
SELECT row_id, legacy_id FROM __ROWS__ WHERE deleted AND legacy_id IS NOT NULL;
ANALYZE crm_tomb;
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT '__ENTITY__', d.row_id, 'ignored', 'deleted_before_seen' FROM crm_tomb d
WHERE NOT EXISTS (
    SELECT FROM __ROWS__ r
    WHERE r.legacy_id = d.legacy_id AND NOT r.deleted AND r.row_id < d.row_id);
DROP TABLE crm_tomb;

-- step: versions of __ENTITY__
-- if: __ROWS__
-- Of rows of one version a deletion counts, then the one that was written or delivered later (also
-- the news that it was gone from an export). Within one delivery nobody can say which one does.
WITH ids AS (
    SELECT legacy_id FROM __ROWS__ WHERE legacy_id IS NOT NULL GROUP BY legacy_id
    HAVING count(*) > 1
), ranked AS (
    SELECT r.row_id, r.legacy_id,
        md5(ROW(__CONTENT__)::text) AS content,
        dense_rank() OVER (PARTITION BY r.legacy_id ORDER BY r.version DESC NULLS LAST,
            CASE WHEN r.version IS NULL THEN r.modified END DESC NULLS LAST,
            a.deleted AND NOT f.is_gone DESC, a.written DESC, f.run_id DESC) AS age
    FROM __ROWS__ r JOIN ids USING (legacy_id) JOIN __ARCHIVE__ a ON a.id = r.row_id
    JOIN crm_import_sourcefile f ON f.id = a.file_id
    WHERE NOT (r.deleted AND r.row_id IN (
        SELECT d.row_id FROM crm_fate d WHERE d.entity = '__ENTITY__'))
), judged AS (
    SELECT row_id, age,
        row_number() OVER (PARTITION BY legacy_id, content ORDER BY age, row_id) AS copy,
        age = 1 AND min(content) FILTER (WHERE age = 1) OVER (PARTITION BY legacy_id)
            <> max(content) FILTER (WHERE age = 1) OVER (PARTITION BY legacy_id) AS conflict
    FROM ranked
)
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT '__ENTITY__', row_id,
    CASE WHEN conflict THEN 'quarantined' WHEN copy > 1 THEN 'exact_repeat' ELSE 'superseded' END,
    CASE WHEN conflict THEN 'version_conflict' ELSE '' END
FROM judged WHERE conflict OR copy > 1 OR age > 1;

-- step: corrected rows of __ENTITY__
-- if: crm_import_correction WHERE kind = 'fix' AND entity = '__ENTITY__'
-- What stands in their place came later; what they said themselves counts no more. With the run
-- that made it, a correction is taken back.
UPDATE crm_fate f SET outcome = 'superseded', reason = 'corrected'
FROM crm_import_correction c
WHERE c.kind = 'fix' AND c.entity = '__ENTITY__' AND f.entity = c.entity AND f.row_id = c.row
    AND __COUNTS__(c.entity, c.replacement);
