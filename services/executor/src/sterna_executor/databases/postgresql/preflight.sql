-- name: server
-- What a server and the role that entered it are like. Settings are as the role finds them when it
-- enters, whatever this session has set since.
SELECT current_setting('server_version_num')::int AS version,
  current_database()::text AS database,
  pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate::text AS collate,
  d.datctype::text AS ctype,
  coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS locale_provider,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
  age(d.datfrozenxid)::bigint AS frozen_age,
  pg_is_in_recovery() AS in_recovery,
  r.rolname::text AS role,
  r.rolsuper AS superuser,
  r.rolcreatedb AS may_create_databases,
  has_database_privilege(d.oid, 'CREATE') AS may_create_schemas,
  has_database_privilege(d.oid, 'TEMPORARY') AS may_create_temporary,
  least(
    nullif(r.rolconnlimit, -1)
      - (SELECT count(*) FROM pg_stat_activity a WHERE a.usename = r.rolname),
    nullif(d.datconnlimit, -1)
      - (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid),
    current_setting('max_connections')::int
      - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0)
      - (SELECT sum(s.numbackends) FROM pg_stat_database s)
  )::int AS free_connections,
  current_setting('max_connections')::int AS max_connections,
  current_setting('max_locks_per_transaction')::bigint * (
    current_setting('max_connections')::bigint
    + current_setting('max_prepared_transactions')::bigint
  ) AS lock_slots,
  current_setting('max_locks_per_transaction')::int AS max_locks,
  current_setting('hot_standby_feedback') = 'on' AS standby_feedback,
  coalesce(current_setting('old_snapshot_threshold', true), '-1') <> '-1' AS snapshots_expire,
  (SELECT s.reset_val = 'on' FROM pg_settings s
    WHERE s.name = 'default_transaction_read_only') AS read_only_default
FROM pg_database d
CROSS JOIN pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user

-- name: read_only_set_by
-- Where default_transaction_read_only is switched on for this role and database.
SELECT s.setdatabase <> 0 AS for_database, s.setrole <> 0 AS for_role
FROM pg_db_role_setting s
LEFT JOIN pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE (s.setdatabase = 0 OR d.datname = current_database())
  AND (s.setrole = 0 OR r.rolname = current_user)
  AND EXISTS (
    SELECT FROM unnest(s.setconfig) c (line)
    WHERE c.line IN ('default_transaction_read_only=on', 'default_transaction_read_only=true',
      'default_transaction_read_only=yes', 'default_transaction_read_only=1')
  )
ORDER BY 1 DESC, 2 DESC

-- name: unusable_schemas
-- Of the schemas $1, those in which this role may not look up names.
SELECT s.name
FROM unnest($1::text[]) s (name)
WHERE NOT has_schema_privilege(s.name, 'USAGE')
ORDER BY 1

-- name: unreadable
-- Of the tables $1 and the sequences of $2 (schemas) and $3 (names), those this role may not read.
SELECT n.nspname::text AS schema, c.relname::text AS name, 'table' AS kind
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[]) AND NOT has_table_privilege(c.oid, 'SELECT')
UNION ALL
SELECT n.nspname::text, c.relname::text, 'sequence'
FROM unnest($2::text[], $3::text[]) q (schema, name)
JOIN pg_namespace n ON n.nspname = q.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = q.name
WHERE CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT') ELSE false END
ORDER BY 3, 1, 2

-- name: index_names
-- The names of the indexes of the tables $1.
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = ANY ($1::oid[])

-- name: schemas_there
-- Of the schemas $1, those there are, and what this role may do in them.
SELECT n.nspname::text AS name,
  has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE') AS may_create
FROM pg_namespace n
WHERE n.nspname = ANY ($1::text[])

-- name: names_there
-- Names in use in the schemas $1: relations, types and routines (with their arguments).
SELECT 'relation' AS space, n.nspname::text AS schema, c.relname::text AS name,
  CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'
    WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'type' ELSE 'table' END AS kind
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind <> 't'
UNION ALL
SELECT 'type', n.nspname::text, t.typname::text, 'type'
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = ANY ($1::text[]) AND t.typrelid = 0
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
UNION ALL
SELECT 'routine', n.nspname::text,
  p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', 'routine'
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY ($1::text[])

-- name: extensions_there
-- Extensions this server has installed or could install, and whether that takes a superuser.
SELECT a.name::text AS name,
  a.installed_version::text AS installed,
  a.default_version::text AS offered,
  coalesce((
    SELECT bool_or(NOT v.superuser OR coalesce((to_jsonb(v) ->> 'trusted')::bool, false))
    FROM pg_available_extension_versions v
    WHERE v.name = a.name AND v.version = a.default_version
  ), false) AS for_everybody
FROM pg_available_extensions a
WHERE a.name = ANY ($1::text[])

-- name: extension_schemas
-- Of the extensions $1 that are installed, the schema they are in.
SELECT e.extname::text AS name, n.nspname::text AS schema
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = ANY ($1::text[])

-- name: languages_there
-- The languages that routines can be written in.
SELECT l.lanname::text AS name FROM pg_language l

-- name: types_there
-- Which of the types of $1 (schemas) and $2 (names) there are.
SELECT q.schema, q.name
FROM unnest($1::text[], $2::text[]) q (schema, name)
JOIN pg_namespace n ON n.nspname = q.schema
JOIN pg_type t ON t.typnamespace = n.oid AND t.typname = q.name

-- name: objects_there
-- Which of the relations, types and routines of $1 (schemas) and $2 (names) there are.
SELECT DISTINCT q.schema, q.name
FROM unnest($1::text[], $2::text[]) q (schema, name)
JOIN pg_namespace n ON n.nspname = q.schema
WHERE EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = q.name)
  OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = n.oid AND t.typname = q.name)
  OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = q.name)

-- name: collations_there
-- Which of the collations $1 that a server brings with it can be used in this database.
SELECT DISTINCT l.collname::text AS name
FROM pg_collation l
JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE n.nspname = 'pg_catalog' AND l.collname = ANY ($1::text[])
  AND (l.collencoding = -1
    OR l.collencoding = (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))

-- name: bookkeeping_there
-- The schema `_sterna`, its comment, and whether this role may use what is in it.
SELECT coalesce(obj_description(n.oid, 'pg_namespace'), '') AS mark,
  pg_has_role(n.nspowner, 'MEMBER') AS ours
FROM pg_namespace n
WHERE n.nspname = '_sterna'
