-- name: keep
-- Keeps the sums of one range of one side; element i of each array is one bucket.
insert into _sterna.bucket_sums (
    migration_id, table_id, pass_number, side, range_number, generation, bucket_bits,
    buckets, counts, sums
)
values (
    $1, $2, $3, $4, $5, $6, $7,
    $8::text::int[], $9::text::bigint[], $10::text::numeric[]
)

-- name: keep_replaced
-- Keeps, as one range more of the source, the sums of rows that were set aside and are in the target
-- with another value: what they are there is what they should be.
insert into _sterna.bucket_sums (
    migration_id, table_id, pass_number, side, range_number, generation, bucket_bits,
    buckets, counts, sums
)
select
    $1, $2, $3, 'source',
    (
        select max(range_number) + 1 from _sterna.bucket_sums
        where migration_id = $1 and table_id = $2 and pass_number = $3 and side = 'source'
    ),
    $4, $5::int, array_agg(bucket), array_agg(rows), array_agg(hashes)
from (
    select
        (arrived_place & ((1::bigint << $5::int) - 1))::int as bucket,
        count(*) as rows,
        sum((arrived_hash >> 32) * (arrived_hash & 4294967295)) as hashes
    from _sterna.set_aside
    where migration_id = $1 and table_id = $2 and generation = $4 and arrived_hash is not null
    group by bucket
) as replaced
having count(*) > 0

-- name: forget_earlier
-- Removes the sums of earlier comparisons of a table.
delete from _sterna.bucket_sums where migration_id = $1 and table_id = $2 and pass_number < $3

-- name: ranges
-- Which ranges of a comparison are summed, by side.
select
    side,
    count(*) as ranges,
    min(range_number) as first,
    max(range_number) as last,
    min(generation) as oldest,
    max(generation) as newest,
    min(bucket_bits) as fewest_bits,
    max(bucket_bits) as most_bits
from _sterna.bucket_sums
where migration_id = $1 and table_id = $2 and pass_number = $3
group by side

-- name: compare
-- Adds the ranges up and compares the sides bucket by bucket; $4 is the exponent of how many
-- leaves there are, each over the buckets whose lowest bits are its number.
with added as (
    select
        b.side,
        u.bucket,
        sum(u.rows)::bigint as rows,
        sum(u.hashes) as hashes
    from _sterna.bucket_sums as b
    cross join lateral rows from (
        unnest(b.buckets), unnest(b.counts), unnest(b.sums)
    ) as u (bucket, rows, hashes)
    where b.migration_id = $1 and b.table_id = $2 and b.pass_number = $3
    group by b.side, u.bucket
),

digests as (
    select
        side,
        sum(rows)::bigint as rows,
        encode(
            sha256(
                convert_to(
                    string_agg(
                        format('%s %s %s', bucket, rows, hashes),
                        e'\n' order by bucket
                    ),
                    'UTF8'
                )
            ),
            'hex'
        ) as digest
    from added
    group by side
),

leaves as (
    select
        side,
        array_agg(leaf order by leaf) as leaves,
        array_agg(digest order by leaf) as digests
    from (
        select
            side,
            bucket & ((1 << $4) - 1) as leaf,
            sha256(
                convert_to(
                    string_agg(
                        format('%s %s %s', bucket, rows, hashes),
                        e'\n' order by bucket
                    ),
                    'UTF8'
                )
            ) as digest
        from added
        group by side, leaf
    ) as summed
    group by side
),

differing as (
    select coalesce(s.bucket, t.bucket) as bucket, coalesce(s.rows, 0) + coalesce(t.rows, 0) as rows
    from (select * from added where side = 'source') as s
    full join (select * from added where side = 'target') as t on t.bucket = s.bucket
    where (s.rows, s.hashes) is distinct from (t.rows, t.hashes)
)

select
    (select rows from digests where side = 'source') as source_rows,
    (select rows from digests where side = 'target') as target_rows,
    (select digest from digests where side = 'source') as source_digest,
    (select digest from digests where side = 'target') as target_digest,
    (select leaves from leaves where side = 'source') as source_leaves,
    (select digests from leaves where side = 'source') as source_leaf_digests,
    (select leaves from leaves where side = 'target') as target_leaves,
    (select digests from leaves where side = 'target') as target_leaf_digests,
    (select coalesce(sum(rows), 0)::bigint from differing) as differing_rows,
    (select coalesce(array_agg(bucket), '{}') from differing) as buckets
