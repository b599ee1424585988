-- name: size
-- How many pages a relation has now, and how large a page of this server is.
select
    pg_catalog.pg_relation_size($1::text::pg_catalog.regclass)
    / pg_catalog.current_setting('block_size')::bigint as pages,
    pg_catalog.current_setting('block_size')::bigint as page_bytes
