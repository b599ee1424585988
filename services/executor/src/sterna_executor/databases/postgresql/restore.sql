-- name: settings
-- What pg_restore sets before DDL, until the transaction ends: names carry their schemas, and
-- bodies of functions are not checked since they may name what comes later. Event triggers are
-- kept from acting where the server can do so (since 17) and the role may (superusers).
select pg_catalog.set_config('search_path', '', true),
    pg_catalog.set_config('check_function_bodies', 'off', true),
    pg_catalog.set_config('default_tablespace', '', true),
    pg_catalog.set_config('default_table_access_method', 'heap', true),
    case when r.rolsuper and pg_catalog.current_setting('server_version_num')::int >= 170000
        then pg_catalog.set_config('event_triggers', 'off', true) end
from pg_catalog.pg_roles r
where r.rolname = current_user;
