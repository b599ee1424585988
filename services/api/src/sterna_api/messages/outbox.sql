-- name: claim_notices
-- Takes messages that are due, for a while; a sender that dies lets go of them by that.
with due as (
  select org_id, migration_id, event_id, channel, recipient from notices
  where status = 'pending' and due_at <= $1 and (claimed_until is null or claimed_until <= $1)
    and channel = any ($4)
  order by due_at limit $3
  for update skip locked
)
update notices o set claimed_until = $2
from due, notifications n
where o.org_id = due.org_id and o.migration_id = due.migration_id and o.event_id = due.event_id
  and o.channel = due.channel and o.recipient = due.recipient
  and n.org_id = o.org_id and n.event_id = o.event_id
returning o.org_id, o.migration_id, o.event_id, o.channel, o.recipient, o.attempts, n.type, n.body;
