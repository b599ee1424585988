-- name: export_snapshot
-- The snapshot of this transaction, for pg_dump to read under.
select pg_catalog.pg_export_snapshot();
