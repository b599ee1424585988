-- name: was_begun
-- Whether a cutover has set sequences.
select exists (
    select from _sterna.receipts where migration_id = $1 and kind = 'set_sequences'
);

-- name: restart_sequences
-- Lets the sequences that the migration made, those of identities too, begin at their start.
select pg_catalog.setval(s.seqrelid::regclass, s.seqstart, false)
from pg_catalog.pg_sequence s
where exists (
        select from _sterna.created l
        where l.migration_id = $1 and l.classid = 'pg_catalog.pg_class'::regclass
            and l.objid = s.seqrelid
    )
    or exists (
        select from pg_catalog.pg_depend d
        join _sterna.created l on l.classid = d.refclassid and l.objid = d.refobjid
        where l.migration_id = $1 and d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = s.seqrelid and d.deptype in ('a', 'i')
    );

-- name: filled_views
-- The materialised views that the migration made and that hold rows, those that read others first.
select n.nspname as schema, c.relname as name
from _sterna.created l
join pg_catalog.pg_class c on c.oid = l.objid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.migration_id = $1 and l.classid = 'pg_catalog.pg_class'::regclass and c.relkind = 'm'
    and c.relispopulated
order by c.oid desc;
