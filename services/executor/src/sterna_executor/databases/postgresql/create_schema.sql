-- name: lock
-- One executor at a time creates the schema of a migration; held until the session ends it.
select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended($1 || ' schema', 0));

-- name: unlock
-- Lets others create the schema of the migration.
select pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1 || ' schema', 0));
