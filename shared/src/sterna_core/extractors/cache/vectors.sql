-- name: find
-- The vectors of a space that are known among some hashes.
select known.content_hash, known.vector
from vectors known
join spaces using (space_id)
where spaces.digest = $1
  and known.content_hash = any($2::bytea[])

-- name: use
-- Say that vectors were asked for; not more than once in so many seconds, for it is a write.
update vectors known
set used_at = now()
from spaces
where spaces.space_id = known.space_id
  and spaces.digest = $1
  and known.content_hash in (
      select locked.content_hash
      from vectors locked
      join spaces of_space on of_space.space_id = locked.space_id
      where of_space.digest = $1
        and locked.content_hash = any($2::bytea[])
        and locked.used_at < now() - make_interval(secs => $3)
      for update of locked skip locked
  )

-- name: name_space
-- Make a space that nobody has made yet.
insert into spaces (digest, extractor, version, parameters, output)
values ($1, $2, $3, $4::jsonb, $5)
on conflict (digest) do nothing

-- name: keep
-- Keep vectors of a space, in the order of their hashes so that two writers cannot block each
-- other; what is there stays.
insert into vectors (space_id, content_hash, vector)
select spaces.space_id, made.content_hash, made.vector
from spaces,
     unnest($2::bytea[], $3::bytea[]) as made (content_hash, vector)
where spaces.digest = $1
order by made.content_hash
on conflict (space_id, content_hash) do nothing

-- name: forget
-- Forget some of the vectors that nobody has asked for in so many seconds, the oldest first.
with gone as (
    delete from vectors
    where (space_id, content_hash) in (
        select space_id, content_hash
        from vectors
        where used_at <= now() - make_interval(secs => $1)
        order by used_at
        limit $2
        for update skip locked
    )
    returning 1
)
select count(*) from gone
