-- name: alone
-- One executor at a time builds an object; held until the transaction ends.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1 || ' ' || $2, 0));

-- name: resources
-- Gives this transaction at least $1 kilobytes to sort an index in, and $2 processes to help (null
-- leaves the server's own number).
select pg_catalog.set_config(
    'maintenance_work_mem',
    greatest(m.setting::bigint, $1::bigint) || 'kB',
    true
), pg_catalog.set_config(
    'max_parallel_maintenance_workers',
    coalesce($2::int::text, pg_catalog.current_setting('max_parallel_maintenance_workers')),
    true
)
from pg_catalog.pg_settings m
where m.name = 'maintenance_work_mem';
