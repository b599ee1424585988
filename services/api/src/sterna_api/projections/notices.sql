-- name: insert_notice
-- Somebody is to be told; nothing where what became of it is known already.
insert into notices (org_id, migration_id, event_id, channel, recipient, status, attempts, due_at)
values ($1, $2, $3, $4, $5, 'pending', 0, $6)
on conflict do nothing;

-- name: record_notice
-- What became of an attempt; it can be read before the event that was told.
insert into notices (org_id, migration_id, event_id, channel, recipient, status, attempts, due_at,
  last_reason, last_attempt_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (org_id, migration_id, event_id, channel, recipient) do update
set status = excluded.status, attempts = excluded.attempts, due_at = excluded.due_at,
  claimed_until = null, last_reason = excluded.last_reason,
  last_attempt_at = excluded.last_attempt_at;

-- name: notices
-- A page of what people were and will be told of a migration, newest first.
select o.event_id, n.type, n.at, o.channel, o.recipient, o.status, o.attempts, o.due_at,
  o.last_reason, o.last_attempt_at
from notices o
left join notifications n on n.org_id = o.org_id and n.event_id = o.event_id
where o.org_id = $1 and o.migration_id = $2 and ($3::text is null or o.status = $3)
order by n.at desc nulls last, o.event_id, o.channel, o.recipient limit $4 offset $5;

-- name: notices_count
-- How many they are.
select count(*) from notices
where org_id = $1 and migration_id = $2 and ($3::text is null or status = $3);
