-- name: connection
-- One connection.
select connection_id, document from connections where org_id = $1 and connection_id = $2;

-- name: connections
-- A page of the connections that match, newest first.
select connection_id, document from connections
where org_id = $1
  and ($2::text is null or document->'endpoint'->>'type' = $2)
  and ($3::text is null or document->>'role' = $3)
  and ($4::text is null or $4 = case document->'probe'->>'succeeded'
    when 'true' then 'connected' when 'false' then 'failed' else 'testing' end)
  and ($5::text is null or (document::jsonb)->'tags' ? $5)
  and ($6::text is null or strpos(lower(name), lower($6)) > 0)
order by created_at desc, connection_id limit $7 offset $8;

-- name: connection_users
-- Some of the migrations that were created with a connection and have not ended.
select migration_id from migrations
where org_id = $1 and (source_id = $2 or target_id = $2)
  and status not in ('completed', 'cancelled', 'rolled_back')
order by created_at desc, migration_id limit 20;

-- name: migration
-- One migration.
select migration_id, progress_percent, event_offset, document
from migrations where org_id = $1 and migration_id = $2;

-- name: migrations_matching
-- Migrations by the filters of the list; the caller adds order and page.
select migration_id, name, status, progress_percent, created_at, started_at
from migrations
where org_id = $1
  and ($2::text is null or status = $2)
  and ($3::text is null or source_id = $3)
  and ($4::text is null or target_id = $4)
  and ($5::timestamptz is null or created_at > $5)
  and ($6::timestamptz is null or created_at < $6)

-- name: migrations_count
-- How many migrations match the filters of the list.
select count(*)
from migrations
where org_id = $1
  and ($2::text is null or status = $2)
  and ($3::text is null or source_id = $3)
  and ($4::text is null or target_id = $4)
  and ($5::timestamptz is null or created_at > $5)
  and ($6::timestamptz is null or created_at < $6);

-- name: plan_tables
-- The tables of a plan, in the plan's order.
select document from plan_tables where org_id = $1 and migration_id = $2 order by ordinal;

-- name: newest_log_lines
-- The newest lines of a log that match, oldest first.
select document from (
  select document, at, source, position, place from log_lines
  where org_id = $1 and migration_id = $2 and level >= $3
    and ($4::text is null or phase = $4)
  order by at desc, source desc, position desc, place desc limit $5
) newest
order by at, source, position, place;

-- name: log_lines_since
-- The first lines of a log after a moment.
select document from log_lines
where org_id = $1 and migration_id = $2 and level >= $3
  and ($4::text is null or phase = $4) and at > $5
order by at, source, position, place limit $6;

-- name: log_page
-- The next lines of one source of a log, in the order of that source, up to a bound.
select position, place, closes, at, level, phase, document from log_lines
where org_id = $1 and migration_id = $2 and source = $3
  and (position, place) >= ($4::bigint, $5::smallint) and position < $6
order by position, place limit $7;

-- name: follow_state
-- What a follower must know of a migration of either kind, all as of one moment.
select m.status, m.event_offset, m.updated_at,
  coalesce((select next_offset from projection_offsets
            where source = 'events' and partition = $3), 0) as events_next,
  coalesce((select next_offset from projection_offsets
            where source = 'telemetry' and partition = $4), 0) as telemetry_next
from (
  select status, event_offset, updated_at from migrations where org_id = $1 and migration_id = $2
  union all
  select coalesce(document->>'phase', status), event_offset,
    (document->>'updated_at')::timestamptz
  from namespace_migrations where org_id = $1 and migration_id = $2
) m;

-- name: webhook
-- One webhook.
select webhook_id, url, events, description, created_at, disabled_at, disabled_reason, updated_at,
  previous_until, about
from webhooks where org_id = $1 and webhook_id = $2;

-- name: webhooks
-- A page of webhooks, newest first.
select webhook_id, url, events, description, created_at, disabled_at, disabled_reason, updated_at,
  previous_until, about
from webhooks where org_id = $1
order by created_at desc, webhook_id limit $2 offset $3;

-- name: deliveries
-- A page of what was and will be sent to a webhook, newest first.
select d.event_id, n.type, n.at, d.status, d.attempts, d.due_at, d.last_status, d.last_reason,
  d.last_attempt_at
from deliveries d
left join notifications n on n.org_id = d.org_id and n.event_id = d.event_id
where d.org_id = $1 and d.webhook_id = $2 and ($3::text is null or d.status = $3)
order by n.at desc nulls last, d.event_id limit $4 offset $5;

-- name: delivery_exists
-- Whether something was or will be sent to a webhook.
select 1 from deliveries where org_id = $1 and webhook_id = $2 and event_id = $3;

-- name: api_key_by_digest
-- Whose key this is; also one that was replaced or is accepted no more.
select org_id, api_key_id, scopes, ip_whitelist, expires_at, revoked_at,
  digest <> $1 as replaced, previous_until
from api_keys where digest = $1 or previous_digest = $1;

-- name: api_keys
-- A page of an organisation's keys, newest first.
select api_key_id, name, scopes, ip_whitelist, environment, created_at, created_by, expires_at,
  rotated_at, previous_until, revoked_at
from api_keys where org_id = $1
order by created_at desc, api_key_id limit $2 offset $3;

-- name: api_key
-- One key.
select api_key_id, name, scopes, ip_whitelist, environment, created_at, created_by, expires_at,
  rotated_at, previous_until, revoked_at
from api_keys where org_id = $1 and api_key_id = $2;

-- name: connections_count
-- How many connections match.
select count(*) from connections
where org_id = $1
  and ($2::text is null or document->'endpoint'->>'type' = $2)
  and ($3::text is null or document->>'role' = $3)
  and ($4::text is null or $4 = case document->'probe'->>'succeeded'
    when 'true' then 'connected' when 'false' then 'failed' else 'testing' end)
  and ($5::text is null or (document::jsonb)->'tags' ? $5)
  and ($6::text is null or strpos(lower(name), lower($6)) > 0);

-- name: webhooks_count
-- How many webhooks an organisation has.
select count(*) from webhooks where org_id = $1;

-- name: deliveries_count
-- How much was and will be sent to a webhook.
select count(*) from deliveries
where org_id = $1 and webhook_id = $2 and ($3::text is null or status = $3);

-- name: api_keys_count
-- How many keys an organisation has had.
select count(*) from api_keys where org_id = $1;

-- name: checkpoints
-- A page of a run's checkpoints, newest first.
select checkpoint_id, at, kind, phase, reason, records_completed, size_bytes from checkpoints
where org_id = $1 and migration_id = $2
order by event_offset desc, checkpoint_id limit $3 offset $4;

-- name: checkpoint_made_at
-- The checkpoint that was made at a version of its migration.
select checkpoint_id, at, kind, phase, reason, records_completed, size_bytes from checkpoints
where org_id = $1 and migration_id = $2 and sequence = $3;

-- name: checkpoints_count
-- How many checkpoints a run has had.
select count(*) from checkpoints where org_id = $1 and migration_id = $2;

-- name: deleted_migration
-- The figures of a migration that was deleted, where they were kept.
select migration_id, progress_percent, document from deleted_migrations
where org_id = $1 and migration_id = $2 and document is not null;

-- name: audit_lines
-- Who did what in an organisation, newest first.
select source, partition, position, at, actor, key.name as actor_name, action, resource, address,
  user_agent, result, code
from audit_lines
left join api_keys key on key.org_id = audit_lines.org_id and key.api_key_id = actor
where audit_lines.org_id = $1
  and ($2::text is null or actor = $2)
  and ($3::text is null or action = $3)
  and ($4::timestamptz is null or at >= $4)
order by at desc, source, partition, position desc limit $5 offset $6;

-- name: audit_lines_count
-- How much was done in an organisation.
select count(*) from audit_lines
where org_id = $1
  and ($2::text is null or actor = $2)
  and ($3::text is null or action = $3)
  and ($4::timestamptz is null or at >= $4);

-- name: resources
-- What executors said since a moment of what they use for a migration.
select coalesce(sum(active_workers), 0)::int as active_workers, avg(cpu_percent) as cpu_percent,
  avg(memory_percent) as memory_percent, max(network_percent) as network_percent
from executor_resources where org_id = $1 and migration_id = $2 and at > $3;

-- name: namespace_migration
-- One namespace migration.
select document from namespace_migrations where org_id = $1 and migration_id = $2;

-- name: namespace_migrations
-- A page of the namespace migrations that match, newest first.
select document from namespace_migrations
where org_id = $1
  and ($2::text is null or status = $2)
  and ($3::text is null or migration_type = $3)
  and ($4::text is null or source_namespace_id = $4)
order by created_at desc, migration_id limit $5 offset $6;

-- name: namespace_migrations_count
-- How many namespace migrations match.
select count(*) from namespace_migrations
where org_id = $1
  and ($2::text is null or status = $2)
  and ($3::text is null or migration_type = $3)
  and ($4::text is null or source_namespace_id = $4);
