-- name: indexed
-- Columns of tables by which an index finds rows from a moment on: the first column of a whole index.
select i.indrelid::bigint as table_oid, a.attname as name
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
inner join pg_catalog.pg_am as m on m.oid = c.relam
inner join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where i.indrelid = any($1::bigint[]::oid[])
and i.indisvalid
and i.indpred is null
and m.amname = 'btree'
