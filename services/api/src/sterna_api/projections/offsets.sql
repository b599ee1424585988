-- name: create_offsets
-- Makes the rows of partitions that nobody has projected yet.
insert into projection_offsets (source, partition, next_offset, term, owner, claimed_by)
select $1, partition, 0, 0, '', '' from unnest($2::integer[]) partition
on conflict do nothing;

-- name: claim_offsets
-- Takes all partitions of a source for one projector; whoever had them finds out at its next move.
update projection_offsets set claimed_by = $2 where source = $1
returning partition, next_offset, term, owner;

-- name: move_offsets
-- Moves partitions on, each only from where this projector left it.
update projection_offsets o
set next_offset = n.next_offset, term = n.term, owner = n.owner
from unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
  as n (partition, expected, next_offset, term, owner)
where o.source = $1 and o.claimed_by = $2 and o.partition = n.partition
  and o.next_offset = n.expected;

-- name: read_offsets
-- How far every partition of every source is.
select source, partition, next_offset from projection_offsets;

-- name: notify_positions
-- Tells every API process that partitions have moved.
select pg_notify($1, $2);
