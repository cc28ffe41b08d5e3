"""What a merge of two patients does with the migration's rows: conflicts go along."""

from patients import relations

POLICIES = (relations.moves("crm_import.FieldConflict.patient"),)
