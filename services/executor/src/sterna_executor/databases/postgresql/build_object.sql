-- name: alone
-- One executor at a time builds an object; held until the transaction ends.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1 || ' ' || $2, 0));

-- name: memory
-- Gives this transaction at least $1 kilobytes to sort an index in.
select pg_catalog.set_config('maintenance_work_mem', $1::bigint || 'kB', true)
from pg_catalog.pg_settings s
where s.name = 'maintenance_work_mem' and s.setting::bigint < $1;

-- name: workers
-- How many processes may help to make one index, until the transaction ends.
select pg_catalog.set_config('max_parallel_maintenance_workers', $1::text, true);
