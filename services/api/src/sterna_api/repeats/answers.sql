-- name: claim
-- Begin a request that nobody has begun, or whose attempt was not heard of for too long.
insert into kept_answers as kept (org_id, command_id, fingerprint, claim_id, leased_until)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
on conflict (org_id, command_id) do update set
    claim_id     = excluded.claim_id,
    leased_until = excluded.leased_until
where kept.sealed is null
  and kept.fingerprint = excluded.fingerprint
  and kept.leased_until <= now()
returning claim_id

-- name: find
-- What is known of a request that somebody else has begun.
select fingerprint, sealed from kept_answers where org_id = $1 and command_id = $2

-- name: renew
-- Say that an attempt is still at work.
update kept_answers set leased_until = now() + make_interval(secs => $4)
where org_id = $1 and command_id = $2 and claim_id = $3 and sealed is null

-- name: keep
-- Keep the answer of the attempt that holds the claim.
update kept_answers set sealed = $4
where org_id = $1 and command_id = $2 and claim_id = $3 and sealed is null

-- name: release
-- Forget an attempt that has come to nothing.
delete from kept_answers
where org_id = $1 and command_id = $2 and claim_id = $3 and sealed is null

-- name: forget
-- Forget some of the requests that were begun so many seconds ago, the oldest first.
with gone as (
    delete from kept_answers
    where (org_id, command_id) in (
        select org_id, command_id
        from kept_answers
        where begun_at <= now() - make_interval(secs => $1)
          and (sealed is not null or leased_until <= now())
        order by begun_at
        limit $2
    )
    returning 1
)
select count(*) from gone
