-- name: plant
-- Puts up a migration's fence where there is none.
insert into _sterna.fence (migration_id, epoch) values ($1, $2)
on conflict (migration_id) do nothing

-- name: check
-- The epoch, held as it is until the reading transaction ends.
select epoch from _sterna.fence where migration_id = $1 for share

-- name: lock
-- Waits for every transaction that read the epoch, then keeps others from reading it.
select epoch from _sterna.fence where migration_id = $1 for update

-- name: wait_at_most
-- Bounds how long the next statements of this transaction wait for others.
select pg_catalog.set_config('lock_timeout', $1::text, true)

-- name: raise
-- Moves the fence.
update _sterna.fence set epoch = $2 where migration_id = $1

-- name: terminate
-- Ends the transactions of this migration in this database that are still open.
select count(pg_catalog.pg_terminate_backend(a.pid)) as ended
from pg_catalog.pg_stat_activity as a
where a.datname = pg_catalog.current_database()
and a.application_name = $1
and a.xact_start is not null
and a.pid <> pg_catalog.pg_backend_pid()
