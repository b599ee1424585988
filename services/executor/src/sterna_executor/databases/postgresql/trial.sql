-- name: settle
-- The limits of a session that runs what a person wrote; they end with the transaction.
select
    pg_catalog.set_config('statement_timeout', $1::text, true),
    pg_catalog.set_config('lock_timeout', $2::text, true),
    pg_catalog.set_config('work_mem', '4MB', true);

-- name: column
-- What is known of the column that is written for, and of the type that takes the values.
select
    a.attnotnull as not_null,
    a.atttypid as source_type,
    t.oid as target_type,
    t.typname as target_name,
    coalesce(t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace, false) as builtin,
    pg_catalog.pg_relation_size(a.attrelid) / pg_catalog.current_setting('block_size')::bigint
        as pages
from pg_catalog.pg_attribute as a
left join pg_catalog.pg_type as t on t.oid = pg_catalog.to_regtype($3::text)
where a.attrelid = $1::text::pg_catalog.regclass and a.attname = $2 and not a.attisdropped;

-- name: foreign_casts
-- Columns of types for which somebody made casts in a language that runs statements.
select a.attname as name
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_type as t on t.oid = a.atttypid
where
    a.attrelid = $1::text::pg_catalog.regclass
    and a.attname = any($2::text[])
    and a.attnum > 0
    and exists (
        select
        from pg_catalog.pg_cast as c
        inner join pg_catalog.pg_proc as p on p.oid = c.castfunc
        inner join pg_catalog.pg_language as l on l.oid = p.prolang
        where
            l.lanname not in ('internal', 'c')
            and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
            and (
                c.castsource in (t.oid, t.typelem, t.typbasetype)
                or c.casttarget in (t.oid, t.typelem, t.typbasetype)
            )
    );

-- name: terminate
-- End a session that does not come back.
select pg_catalog.pg_terminate_backend($1::integer);
