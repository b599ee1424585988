-- name: nearest
-- The nearest documents: `{order}` is what an index may know, `{distance}` what is told. Of those
-- that are as near the first by their ids are taken, so that the same question has one answer.
select document_id, collection_id, payload, distance
from (
    select d.document_id, d.collection_id, d.payload, {distance} as distance
    from {space}.vectors as v
    inner join {space}.documents as d on v.document_id = d.document_id
    where v.feature = {feature} {conditions}
    order by {order}, v.document_id
    limit $2
) as found
order by distance, document_id
limit $3

-- name: settle_index
-- Lets an index go on until enough documents fit the filter, in the right order.
select
    pg_catalog.set_config('hnsw.iterative_scan', 'strict_order', true),
    pg_catalog.set_config('hnsw.ef_search', $1, true)
