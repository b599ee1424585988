-- name: settle
-- Sets the session's settings in one round trip. They are not in the startup packet, where poolers
-- such as pgbouncer refuse what they do not know.
select count(pg_catalog.set_config(s.name, s.setting, false))
from rows from (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) as s(name, setting)
