-- name: sessions
-- End the sessions in this database but this one.
select pg_terminate_backend(pid, 5000)
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'

-- name: empty
-- Drop what a test has made, as far as schemas and extensions hold it. The schema public stays: it
-- is not the same when it is made again. What cannot be dropped is seen in the looks afterwards.
do $$
declare
    found record;
begin
    for found in select evtname as name from pg_event_trigger loop
        execute format('drop event trigger %I', found.name);
    end loop;
    for found in select extname as name from pg_extension where extname <> 'plpgsql' loop
        execute format('drop extension if exists %I cascade', found.name);
    end loop;
    for found in
        select nspname as name from pg_namespace
        where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
    loop
        execute format('drop schema %I cascade', found.name);
    end loop;
    for found in
        select o.type, o.identity
        from pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
        where d.refclassid = 'pg_namespace'::regclass and d.refobjid = 'public'::regnamespace
            and d.deptype = 'n'
    loop
        execute format('drop %s if exists %s cascade', found.type, found.identity);
    end loop;
    for found in select pubname as name from pg_publication loop
        execute format('drop publication %I', found.name);
    end loop;
end
$$

-- name: looks
-- What tells a database from a new one: the contents of every catalog of its own, in numbers, and
-- what clusters keep about a database. Equal looks mean that it can be used as a new one.
select json_build_array(
    (select json_agg(json_build_array(c, n) order by c) from (
        select 'class', count(*) from pg_class where relnamespace::regnamespace::text !~ '^pg_toast'
        union all select 'proc', count(*) from pg_proc
        union all select 'type', count(*) from pg_type
        union all select 'namespace', count(*) from pg_namespace where nspname !~ '^pg_(toast_)?temp_'
        union all select 'extension', count(*) from pg_extension
        union all select 'operator', count(*) from pg_operator
        union all select 'opclass', count(*) from pg_opclass
        union all select 'opfamily', count(*) from pg_opfamily
        union all select 'am', count(*) from pg_am
        union all select 'cast', count(*) from pg_cast
        union all select 'collation', count(*) from pg_collation
        union all select 'conversion', count(*) from pg_conversion
        union all select 'language', count(*) from pg_language
        union all select 'constraint', count(*) from pg_constraint
        union all select 'trigger', count(*) from pg_trigger
        union all select 'rewrite', count(*) from pg_rewrite
        union all select 'policy', count(*) from pg_policy
        union all select 'description', count(*) from pg_description
        union all select 'seclabel', count(*) from pg_seclabel
        union all select 'event_trigger', count(*) from pg_event_trigger
        union all select 'publication', count(*) from pg_publication
        union all select 'transform', count(*) from pg_transform
        union all select 'default_acl', count(*) from pg_default_acl
        union all select 'init_privs', count(*) from pg_init_privs
        union all select 'largeobject', count(*) from pg_largeobject_metadata
        union all select 'statistic_ext', count(*) from pg_statistic_ext
        union all select 'ts_config', count(*) from pg_ts_config
        union all select 'ts_dict', count(*) from pg_ts_dict
        union all select 'ts_parser', count(*) from pg_ts_parser
        union all select 'ts_template', count(*) from pg_ts_template
        union all select 'foreign_data_wrapper', count(*) from pg_foreign_data_wrapper
        union all select 'foreign_server', count(*) from pg_foreign_server
        union all select 'user_mapping', count(*) from pg_user_mapping
        union all select 'subscription', count(*) from pg_subscription
    ) as counted (c, n)),
    (select json_agg(n order by c) from (
        select 'setting', count(*) from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
        union all select 'acl', count(*) from pg_database
        where datname = current_database() and (datacl is not null or datconnlimit <> -1
            or not datallowconn)
        union all select 'comment', count(*) from pg_shdescription
        where classoid = 'pg_database'::regclass
            and objoid = (select oid from pg_database where datname = current_database())
    ) as kept (c, n)),
    (select json_agg(array[nspname::text, coalesce(nspacl::text, ''), nspowner::regrole::text,
        coalesce(obj_description(oid, 'pg_namespace'), '')]
        order by nspname)
     from pg_namespace where nspname !~ '^pg_(toast_)?temp_')
)::text
