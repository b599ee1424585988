-- name: more_memory
-- Room for the sorts and hashes of a repair, for its transaction.
set local work_mem = '64MB'

-- name: create_theirs
-- Hash and address of the source's rows in the buckets that differ.
create temporary table theirs (h bigint, address tid) on commit drop

-- name: create_ours
-- Hash and address of the target's rows in the buckets that differ.
create temporary table ours (h bigint, address tid) on commit drop

-- name: create_fine_theirs
-- The source's sums of the parts of the buckets that differ.
create temporary table fine_theirs (bucket int, rows bigint, hashes numeric) on commit drop

-- name: create_fine_ours
-- The target's sums of the parts of the buckets that differ.
create temporary table fine_ours (bucket int, rows bigint, hashes numeric) on commit drop

-- name: fine_differing
-- Which parts of buckets differ.
select coalesce(s.bucket, t.bucket) as bucket
from pg_temp.fine_theirs as s
full join pg_temp.fine_ours as t on t.bucket = s.bucket
where (s.rows, s.hashes) is distinct from (t.rows, t.hashes)

-- name: create_differing
-- Hashes that one side has more often than the other, and how often each has them.
create temporary table differing on commit drop as
select
    h,
    count(*) filter (where from_source) as theirs,
    count(*) filter (where not from_source) as ours
from (
    select h, true as from_source from pg_temp.theirs
    union all
    select h, false as from_source from pg_temp.ours
) as both_sides
group by h
having count(*) filter (where from_source) <> count(*) filter (where not from_source)

-- name: create_surplus
-- Addresses of target rows that are too many, in lists. Of equal rows some may be kept.
create temporary table surplus on commit drop as
select (place - 1) / 16384 as list, array_agg(address) as addresses
from (
    select address, row_number() over (order by address) as place
    from (
        select o.address
        from pg_temp.ours as o
        inner join pg_temp.differing as d on d.h = o.h
        where d.theirs = 0
        union all
        select address
        from (
            select o.address, row_number() over (partition by o.h) as copy, d.theirs as wanted
            from pg_temp.ours as o
            inner join pg_temp.differing as d on d.h = o.h
            where d.theirs > 0 and d.ours > d.theirs
        ) as copies
        where copy > wanted
    ) as found
) as numbered
group by 1

-- name: create_missing
-- Addresses of source rows that the target lacks, in lists. Of equal rows it may have some.
create temporary table missing on commit drop as
select (place - 1) / 16384 as list, array_agg(address) as addresses
from (
    select address, row_number() over (order by address) as place
    from (
        select s.address
        from pg_temp.theirs as s
        inner join pg_temp.differing as d on d.h = s.h
        where d.ours = 0
        union all
        select address
        from (
            select s.address, row_number() over (partition by s.h) as copy, d.ours as present
            from pg_temp.theirs as s
            inner join pg_temp.differing as d on d.h = s.h
            where d.ours > 0 and d.theirs > d.ours
        ) as copies
        where copy > present
    ) as found
) as numbered
group by 1

-- name: surplus_lists
-- How many lists of surplus rows there are.
select count(*) from pg_temp.surplus

-- name: missing_list
-- One list of addresses of missing rows, as a constant of the source's query.
select addresses::text as addresses, cardinality(addresses) as rows
from pg_temp.missing
where list = $1
