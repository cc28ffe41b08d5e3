-- What the CRM deleted, told as it is: it may be an erasure, which is for a person to decide.

-- step: problems of deleted rows
-- if: crm_deleted
INSERT INTO crm_problem
SELECT d.entity, d.row_id, CASE WHEN d.deleted THEN 'deleted_in_crm' ELSE 'back_in_crm' END,
    'warning', '', ''
FROM crm_deleted d WHERE d.is_told;
