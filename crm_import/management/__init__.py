"""Management commands of the migration."""
