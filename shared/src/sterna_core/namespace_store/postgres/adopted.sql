-- name: table
-- A table by its name; no row where there is none that can be read.
select c.oid
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'm')

-- name: columns
-- Its columns: name, type without and with what it is bound to, whether each row has a value, and
-- whether values are unique.
select
    a.attname as name,
    t.typname as type,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as full_type,
    a.atttypmod as dimensions,
    a.attnotnull as filled,
    exists (
        select from pg_catalog.pg_index as i
        where
            i.indrelid = a.attrelid and i.indisunique and i.indisvalid and i.indpred is null
            and i.indnkeyatts = 1 and i.indkey[0] = a.attnum and a.attnotnull
    ) as identifies,
    exists (
        select from pg_catalog.pg_index as i
        where i.indrelid = a.attrelid and i.indisprimary and i.indkey[0] = a.attnum
    ) as primary
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_type as t on a.atttypid = t.oid
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped

-- name: page
-- The next rows in the order of the id's own type, as documents; `$2` is what vectors take.
with candidates as materialized (
    select
        document_id,
        collection_id,
        payload,
        number {vector_names},
        pg_catalog.sum(pg_catalog.octet_length(payload::text) + $2) over ordered as total
    from (
        select
            {id}::text as document_id,
            {collection} as collection_id,
            {payload} as payload,
            pg_catalog.row_number() over (order by {id}) as number {vectors}
        from {table} as t {span}
        order by {id}
        limit $1 + 1
    ) as next
    window ordered as (order by number rows unbounded preceding)
)
select
    document_id,
    collection_id,
    case when number = 1 or (number <= $1 and total <= $3) then payload end as payload {vector_names}
from candidates
order by number

-- name: some
-- Rows by their ids, in the same form.
select
    {id}::text as document_id,
    {collection} as collection_id,
    {payload} as payload {vectors}
from {table} as t
where {id} = any($1::text[]::{id_type}[])

-- name: count
-- How many rows a span has.
select pg_catalog.count(*) from {table} as t {span}

-- name: rough_count
-- What the planner takes a span to have, without reading it.
explain (format json) select from {table} as t {span}

-- name: boundaries
-- Where each piece of `$1` rows ends.
select id::text as document_id
from (
    select
        {id} as id,
        pg_catalog.row_number() over (order by {id}) as number,
        pg_catalog.count(*) over () as total
    from {table} as t {span}
) as numbered
where number % $1 = 0 or number = total
order by id

-- name: nearest
-- The nearest rows; an index of the table's own serves where `{order}` is what it knows. Of those
-- that are as near the first by the bytes of their ids are taken, as in a space of its own.
select document_id, collection_id, payload, distance
from (
    select
        {id}::text as document_id,
        {collection} as collection_id,
        {payload} as payload,
        {distance} as distance
    from {table} as t
    where {column} is not null {conditions}
    order by {order}, ({id}::text) collate "C"
    limit $2
) as found
order by distance, document_id collate "C"
