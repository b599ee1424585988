-- name: insert_connection
-- A connection was created.
insert into connections (org_id, connection_id, name, created_at, document)
values ($1, $2, $3, $4, $5);

-- name: read_connection_document
-- A connection's document, to be changed in the same transaction.
select document from connections where org_id = $1 and connection_id = $2;

-- name: update_connection
-- A connection was tried or changed.
update connections set name = $3, document = $4 where org_id = $1 and connection_id = $2;

-- name: delete_connection
-- A connection was deleted: its sealed password goes with it.
delete from connections where org_id = $1 and connection_id = $2;

-- name: insert_api_key
-- A key is accepted from now on.
insert into api_keys (digest, org_id, api_key_id, name, created_at, created_by, expires_at,
  scopes, ip_whitelist, environment)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: update_api_key
-- A key may do something else, from elsewhere, or until another time.
update api_keys set name = $3, scopes = $4, expires_at = $5, ip_whitelist = $6
where org_id = $1 and api_key_id = $2;

-- name: rotate_api_key
-- A key has another secret, and the one before it for a while.
update api_keys
set previous_digest = digest, digest = $3, previous_until = $4, rotated_at = $5
where org_id = $1 and api_key_id = $2;

-- name: revoke_api_key
-- A key is accepted no more.
update api_keys set revoked_at = $3 where org_id = $1 and api_key_id = $2;

-- name: read_migration_document
-- A migration's document, to be changed in the same transaction.
select document from migrations where org_id = $1 and migration_id = $2;

-- name: upsert_migration
-- The document of a migration after a batch of events, with what lists filter and sort by.
insert into migrations (org_id, migration_id, name, status, source_id, target_id, created_at,
  started_at, updated_at, progress_percent, event_offset, document)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (org_id, migration_id) do update
set name = excluded.name, source_id = excluded.source_id, target_id = excluded.target_id,
  status = excluded.status, started_at = excluded.started_at, updated_at = excluded.updated_at,
  progress_percent = excluded.progress_percent, event_offset = excluded.event_offset,
  document = excluded.document;

-- name: clear_plan
-- A migration is planned again from the beginning.
delete from plan_tables where org_id = $1 and migration_id = $2;

-- name: read_plan_table
-- One table of a plan.
select ordinal, document from plan_tables
where org_id = $1 and migration_id = $2 and table_id = $3;

-- name: read_plan_tables
-- Every table of a plan, in the plan's order.
select table_id, document from plan_tables
where org_id = $1 and migration_id = $2 order by ordinal;

-- name: upsert_plan_table
-- One table of a plan as it now is; a new one goes to the end.
insert into plan_tables (org_id, migration_id, ordinal, table_id, document)
select $1, $2, coalesce(max(ordinal) + 1, 0), $3, $4 from plan_tables
where org_id = $1 and migration_id = $2
on conflict (org_id, migration_id, table_id) do update set document = excluded.document;

-- name: insert_webhook
-- Events from now on are sent to this address.
insert into webhooks (org_id, webhook_id, url, events, description, sealed_secret, created_at,
  created_by, about)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: update_webhook
-- What is given changes.
update webhooks set url = coalesce($4, url), events = coalesce($5, events),
  description = coalesce($6, description), updated_at = $3
where org_id = $1 and webhook_id = $2;

-- name: rotate_secret
-- A new secret signs, and the one before with it until a moment.
update webhooks set previous_sealed_secret = sealed_secret, sealed_secret = $4,
  previous_until = $5, updated_at = $3
where org_id = $1 and webhook_id = $2;

-- name: disable_webhook
-- Nothing more is sent.
update webhooks set disabled_at = $3, disabled_reason = $4 where org_id = $1 and webhook_id = $2;

-- name: enable_webhook
-- Events are sent again.
update webhooks set disabled_at = null, disabled_reason = null
where org_id = $1 and webhook_id = $2;

-- name: webhook_patterns
-- What a webhook asks for, and whether anything is sent to it.
select events, disabled_at from webhooks where org_id = $1 and webhook_id = $2;

-- name: open_period
-- From a moment on a webhook asks for these events.
insert into webhook_periods (org_id, webhook_id, number, begins, events)
select $1, $2, coalesce(max(number), 0) + 1, greatest($3, max(ends)), $4 from webhook_periods
where org_id = $1 and webhook_id = $2;

-- name: close_period
-- A webhook asks for them no more.
update webhook_periods set ends = greatest(begins, $3), disabled = $4
where org_id = $1 and webhook_id = $2 and ends is null;

-- name: delete_periods
-- A webhook was deleted.
delete from webhook_periods where org_id = $1 and webhook_id = $2;

-- name: discard_deliveries
-- What has not been sent to a receiver that is gone never will be.
update deliveries set status = 'discarded'
where org_id = $1 and webhook_id = $2 and status = 'pending';

-- name: delete_webhook
-- A webhook was deleted.
delete from webhooks where org_id = $1 and webhook_id = $2;

-- name: delete_deliveries
-- What was sent to a webhook that is deleted is nobody's concern.
delete from deliveries where org_id = $1 and webhook_id = $2;

-- name: read_patterns
-- What the webhooks of an organisation asked for at a moment about a thing, and whether they were
-- disabled since.
select p.webhook_id, p.events, exists (
    select from webhook_periods q
    where q.org_id = p.org_id and q.webhook_id = p.webhook_id and q.number >= p.number
      and q.disabled
  ) as disabled_since
from webhook_periods p
join webhooks w on w.org_id = p.org_id and w.webhook_id = p.webhook_id
where p.org_id = $1 and p.begins <= $2 and (p.ends is null or p.ends > $2)
  and ($3::text is null or p.webhook_id = $3) and (w.about is null or w.about = $4);

-- name: insert_notification
-- Something happened that webhooks can be told.
insert into notifications (org_id, event_id, type, at, body, addressee, about)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: read_notifications_since
-- What happened since a moment, for a webhook that is read later than the events it asks for.
select event_id, type, at, about from notifications
where org_id = $1 and at >= $2 and addressee is null;

-- name: retract_delivery
-- A webhook had ceased to ask for this when it happened, and it was never sent.
delete from deliveries where org_id = $1 and webhook_id = $2 and event_id = $3 and attempts = 0;

-- name: retry_delivery
-- Something is to be sent once more; it can be read before what is sent.
insert into deliveries (org_id, webhook_id, event_id, status, attempts, due_at)
values ($1, $2, $3, 'pending', 0, $4)
on conflict (org_id, webhook_id, event_id) do update
set status = 'pending', due_at = excluded.due_at, claimed_until = null;

-- name: insert_delivery
-- Something is to be sent; nothing where what became of it is known already.
insert into deliveries (org_id, webhook_id, event_id, status, attempts, due_at)
values ($1, $2, $3, $4, 0, $5)
on conflict do nothing;

-- name: record_attempt
-- What became of an attempt; it can be read before the event that was sent.
insert into deliveries (org_id, webhook_id, event_id, status, attempts, due_at, last_status,
  last_reason, last_attempt_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (org_id, webhook_id, event_id) do update
set status = excluded.status, attempts = excluded.attempts, due_at = excluded.due_at,
  claimed_until = null, last_status = excluded.last_status, last_reason = excluded.last_reason,
  last_attempt_at = excluded.last_attempt_at;

-- name: webhook_exists
-- Whether a webhook is there; an attempt that ends after its deletion is nobody's concern.
select 1 from webhooks where org_id = $1 and webhook_id = $2;

-- name: quarantine
-- An event could not be read or folded: later events of the same thing wait.
insert into quarantined (org_id, aggregate_id, partition, event_offset, reason)
values ($1, $2, $3, $4, $5) on conflict do nothing;

-- name: read_quarantined
-- Everything that stands still.
select org_id, aggregate_id from quarantined;

-- name: forget_log_lines
-- Removes lines of telemetry from before $1, at most $2 at once, and counts them.
with gone as (
  delete from log_lines where ctid = any (array(
    select ctid from log_lines where source = 1 and at < $1 limit $2
  )) and source = 1 and at < $1
  returning 1
)
select count(*) from gone;

-- name: insert_checkpoint
-- A run got so far; told twice, it is one checkpoint.
insert into checkpoints (org_id, migration_id, checkpoint_id, event_offset, at, kind, phase, reason,
  records_completed, size_bytes, sequence)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing;

-- name: delete_migration
-- A migration was deleted.
delete from migrations where org_id = $1 and migration_id = $2;

-- name: delete_checkpoints
-- The checkpoints of a migration that was deleted.
delete from checkpoints where org_id = $1 and migration_id = $2;

-- name: upsert_resources
-- What an executor last said of what it uses for a migration.
insert into executor_resources (org_id, migration_id, executor_id, at, active_workers, cpu_percent,
  memory_percent, network_percent)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (org_id, migration_id, executor_id) do update
set at = excluded.at, active_workers = excluded.active_workers,
  cpu_percent = excluded.cpu_percent, memory_percent = excluded.memory_percent,
  network_percent = excluded.network_percent
where excluded.at >= executor_resources.at;

-- name: delete_resources
-- What executors used for a migration that was deleted.
delete from executor_resources where org_id = $1 and migration_id = $2;

-- name: delete_migration_errors
-- The errors of a migration that was deleted.
delete from migration_errors where org_id = $1 and migration_id = $2;

-- name: delete_table_proofs
-- The evidence of a migration that was deleted.
delete from table_proofs where org_id = $1 and migration_id = $2;

-- name: insert_deleted_migration
-- What is kept of a migration that was deleted.
insert into deleted_migrations (org_id, migration_id, at, keep_logs, progress_percent, document)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing;

-- name: delete_log_lines
-- The log of a migration that was deleted.
delete from log_lines where org_id = $1 and migration_id = $2;

-- name: delete_late_log_lines
-- Lines of executors that were read after the deletion of their migrations.
delete from log_lines l using deleted_migrations d
where l.migration_id = any ($1::text[]) and d.migration_id = l.migration_id
  and d.org_id = l.org_id and not d.keep_logs;

-- name: forget_audit_lines
-- Refused requests are kept as long as telemetry is; gives how many went.
with gone as (
  delete from audit_lines where ctid = any (array(
    select ctid from audit_lines where source = 1 and at < $1 limit $2))
  returning 1
)
select count(*) from gone;

-- name: read_namespace_migration
-- A namespace migration's document, to be changed in the same transaction.
select document from namespace_migrations where org_id = $1 and migration_id = $2;

-- name: upsert_namespace_migration
-- The document of a namespace migration after a batch of events, with what lists filter by.
insert into namespace_migrations (org_id, migration_id, status, migration_type,
  source_namespace_id, created_at, document, event_offset)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (org_id, migration_id) do update
set status = excluded.status, document = excluded.document, event_offset = excluded.event_offset;

-- name: delete_namespace_migration
-- A namespace migration was deleted.
delete from namespace_migrations where org_id = $1 and migration_id = $2;
