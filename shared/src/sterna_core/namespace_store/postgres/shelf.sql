-- name: page
-- The next documents: candidates are one more than wanted, and have a payload where they are part
-- of the page. `$2` is what the vectors of a document take.
with candidates as materialized (
    select
        document_id,
        collection_id,
        payload,
        pg_catalog.row_number() over ordered as number,
        pg_catalog.sum(pg_catalog.octet_length(payload::text) + $2) over ordered as total
    from (
        select document_id, collection_id, payload
        from {table} {span}
        order by document_id
        limit $1 + 1
    ) as next
    window ordered as (order by document_id rows unbounded preceding)
),
page as (
    select document_id, collection_id, payload, number = 1 or (number <= $1 and total <= $3) as taken
    from candidates
)
select
    page.document_id,
    page.collection_id,
    case when page.taken then page.payload end as payload {vectors}
from page

-- name: some
-- Documents by their ids, in the same form.
select
    page.document_id,
    page.collection_id,
    page.payload {vectors}
from {table} as page
where page.document_id = any($1::text[])

-- name: vector
-- A column of vectors, one for each feature: looked up, where a join might read them all.
, (
    select {vector}.vector_send(v)
    from {space}.vectors
    where document_id = page.document_id and feature = {feature}
)

-- name: packed_size
-- How many documents a span has, and the bytes of their payloads.
select
    pg_catalog.count(*) as rows,
    coalesce(pg_catalog.sum(pg_catalog.octet_length(payload::text)), 0)::bigint as bytes
from {table} {span}

-- name: packed_documents
-- The documents of a span, for COPY, with the collection that they go to.
select document_id, {collection}::text as collection_id, payload
from {table} {span}
order by document_id

-- name: packed_vectors
-- The vectors of a span, for COPY; the bounds stand for both sides, so that neither is read
-- beyond them.
select v.document_id, v.feature, v.v
from (select document_id from {table} {span}) as d
join (select document_id, feature, v from {space}.vectors {bounds}) as v
    on v.document_id = d.document_id
order by v.document_id

-- name: any_there
-- Whether one of these documents is there.
select exists (select from {table} where document_id = any($1::text[]))

-- name: delete
-- Removes documents.
delete from {table} where document_id = any($1::text[])

-- name: delete_vectors
-- Removes the vectors of documents.
delete from {space}.vectors where document_id = any($1::text[])

-- name: count
-- How many documents a span has.
select pg_catalog.count(*) from {table} {span}

-- name: rough_count
-- What the planner takes a span to have, without reading it.
explain (format json) select from {table} {span}

-- name: boundaries
-- Where each piece of `$1` documents ends.
select document_id
from (
    select
        document_id,
        pg_catalog.row_number() over (order by document_id) as number,
        pg_catalog.count(*) over () as total
    from {table} {span}
) as numbered
where number % $1 = 0 or number = total
order by document_id
