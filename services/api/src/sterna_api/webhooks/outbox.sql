-- name: claim_due
-- Takes deliveries that are due, for a while; a sender that dies lets go of them by that.
with due as (
  select org_id, webhook_id, event_id from deliveries
  where status = 'pending' and due_at <= $1 and (claimed_until is null or claimed_until <= $1)
  order by due_at limit $3
  for update skip locked
)
update deliveries d set claimed_until = $2
from due, webhooks w, notifications n
where d.org_id = due.org_id and d.webhook_id = due.webhook_id and d.event_id = due.event_id
  and w.org_id = d.org_id and w.webhook_id = d.webhook_id and w.disabled_at is null
  and n.org_id = d.org_id and n.event_id = d.event_id
returning d.org_id, d.webhook_id, d.event_id, d.attempts, w.url, w.sealed_secret, n.body,
  case when w.previous_until > $1 then w.previous_sealed_secret end;
