-- name: escalate_rows
-- Rows were refused and set aside; the same ones again have the same id. What was skipped stays so.
insert into migration_errors (org_id, migration_id, error_id, status, class, code, message,
  table_id, column_name, constraint_name, sqlstate, chunk, rows, rows_left, addresses, attempts,
  occurred_at, updated_at)
values ($1, $2, $3, 'escalated', $4, 'data_rejected', $5, $6, $7, $8, $9, $10, $11, $11, $12, 1,
  $13, $13)
on conflict (org_id, migration_id, error_id) do update
set status = case when migration_errors.resolution = 'skip' then 'resolved' else 'escalated' end,
  class = excluded.class, message = excluded.message, column_name = excluded.column_name,
  constraint_name = excluded.constraint_name, sqlstate = excluded.sqlstate,
  rows = greatest(migration_errors.rows, excluded.rows), rows_left = excluded.rows_left,
  addresses = excluded.addresses, attempts = migration_errors.attempts + 1,
  updated_at = excluded.updated_at,
  resolved_at = case when migration_errors.resolution = 'skip' then migration_errors.resolved_at end,
  resolution = case when migration_errors.resolution = 'skip' then 'skip' end;

-- name: reopen
-- The rows of an error are being tried again.
update migration_errors
set status = 'open', reason = $4, resolved_by = $5, updated_at = $6, resolution = null,
  resolved_at = null
where org_id = $1 and migration_id = $2 and error_id = $3;

-- name: retried
-- The rows of an error were tried again; $6 says why they got no other value, where they did not.
update migration_errors
set status = 'escalated', rows_left = $4, attempts = attempts + 1, updated_at = $5,
  message = coalesce($6, message)
where org_id = $1 and migration_id = $2 and error_id = $3;

-- name: replaced
-- So many rows of an error are in the target with another value.
update migration_errors
set rows_replaced = $4, updated_at = $5
where org_id = $1 and migration_id = $2 and error_id = $3;

-- name: resolve
-- An error needs nobody any more; skipped rows stay out.
update migration_errors
set status = 'resolved', resolution = $4, reason = coalesce($5, reason), resolved_by = $6,
  resolved_at = $7, updated_at = $7, rows_left = case when $4 = 'skip' then rows_left else 0 end
where org_id = $1 and migration_id = $2 and error_id = $3;

-- name: keep
-- Somebody has left an error to others.
update migration_errors
set reason = $4, resolved_by = $5, updated_at = $6
where org_id = $1 and migration_id = $2 and error_id = $3;

-- name: insert_failure
-- A task failed, or a migration did.
insert into migration_errors (org_id, migration_id, error_id, status, class, code, message,
  table_id, task_id, rows, rows_left, addresses, attempts, occurred_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, '{}', $10, $11, $11)
on conflict do nothing;

-- name: recover_task
-- A task that had failed has succeeded.
update migration_errors
set status = 'recovered', resolution = 'retry', resolved_by = 'sterna', resolved_at = $4,
  updated_at = $4
where org_id = $1 and migration_id = $2 and task_id = $3 and status = 'open';

-- name: escalate_task
-- A task will not be tried again by itself: its failures belong to the one that ended it.
update migration_errors
set status = 'escalated', updated_at = $4
where org_id = $1 and migration_id = $2 and task_id = $3 and status = 'open';

-- name: resume
-- Somebody has put right what a migration had failed for.
update migration_errors
set status = 'resolved', resolution = 'retry', resolved_by = $3, resolved_at = $4, updated_at = $4
where org_id = $1 and migration_id = $2 and status = 'escalated' and sqlstate is null;

-- name: errors_matching
-- A page of a migration's errors, newest first.
select error_id as id, migration_id, status, class as error_class, code, message,
  table_id as "table", column_name as "column", constraint_name as "constraint", sqlstate, chunk,
  rows, rows_left, rows_replaced, addresses, attempts, occurred_at, updated_at, resolution, reason,
  resolved_by, resolved_at
from migration_errors
where org_id = $1 and migration_id = $2
  and ($3::text is null or status = $3)
  and ($4::text is null or class = $4)
  and ($5::text is null or table_id = $5)
order by occurred_at desc, error_id limit $6 offset $7;

-- name: errors_count
-- How many of a migration's errors match.
select count(*) from migration_errors
where org_id = $1 and migration_id = $2
  and ($3::text is null or status = $3)
  and ($4::text is null or class = $4)
  and ($5::text is null or table_id = $5);

-- name: error
-- One error.
select error_id as id, migration_id, status, class as error_class, code, message,
  table_id as "table", column_name as "column", constraint_name as "constraint", sqlstate, chunk,
  rows, rows_left, rows_replaced, addresses, attempts, occurred_at, updated_at, resolution, reason,
  resolved_by, resolved_at
from migration_errors where org_id = $1 and migration_id = $2 and error_id = $3;
