-- name: set
-- Moves the sequences $1 (names ready for use) on to $2; $3 tells whether that value was given out.
-- Those that the target does not have are passed over.
select pg_catalog.setval(r.oid, s.last_value, s.is_called)
from unnest($1::text[], $2::bigint[], $3::boolean[]) as s (name, last_value, is_called)
cross join lateral (select pg_catalog.to_regclass(s.name)::oid as oid) r
where r.oid is not null;
