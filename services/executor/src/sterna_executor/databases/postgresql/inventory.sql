-- name: schemas
-- Every schema that is not the system's, nor an extension's.
SELECT n.nspname
FROM pg_namespace n
WHERE n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', '_sterna')
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  )
ORDER BY 1

-- name: tables
-- Plain, partitioned and foreign tables of the schemas $1 that belong to no extension.
SELECT c.oid,
  n.nspname AS schema,
  c.relname AS name,
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END AS kind,
  CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END AS persistence,
  c.relispartition AS is_partition,
  coalesce(above.schemas, '{}'::text[]) AS parent_schemas,
  coalesce(above.names, '{}'::text[]) AS parent_names,
  pg_get_expr(c.relpartbound, c.oid) AS bound,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
  CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) END AS heap_bytes,
  CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid) END AS bytes,
  c.relpages AS known_pages,
  c.reltuples::float8 AS known_rows,
  pg_get_userbyid(c.relowner) AS owner,
  c.relrowsecurity AS row_security,
  row_security_active(c.oid) AS row_security_active,
  m.amname AS access_method,
  s.spcname AS tablespace,
  nullif(c.reloftype, 0) AS of_type
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN LATERAL (
  SELECT array_agg(pn.nspname::text ORDER BY i.inhseqno) AS schemas,
    array_agg(p.relname::text ORDER BY i.inhseqno) AS names
  FROM pg_inherits i
  JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE i.inhrelid = c.oid
) above ON true
WHERE c.relkind IN ('r', 'p', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname = ANY ($1::text[])
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.relname

-- name: split_partitions
-- Partitions that lie in another schema than their parent, where only one of the two is in $1,
-- and tables of $1 that inherit from one that is not.
SELECT cn.nspname AS schema, c.relname AS name,
  pn.nspname AS parent_schema, p.relname AS parent_name
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
  AND (cn.nspname = ANY ($1::text[])) <> (pn.nspname = ANY ($1::text[]))
  AND (c.relispartition OR cn.nspname = ANY ($1::text[]))
ORDER BY 1, 2

-- name: columns
-- The columns of the tables $1, in order.
SELECT a.attrelid AS table_oid,
  a.attnum AS number,
  a.attname AS name,
  format_type(a.atttypid, a.atttypmod) AS type,
  a.atttypid AS type_oid,
  a.atttypmod AS modifier,
  NOT a.attnotnull AS nullable,
  pg_get_expr(d.adbin, d.adrelid) AS "default",
  a.attidentity::text AS identity,
  a.attgenerated::text AS generated,
  CASE WHEN a.attcollation <> t.typcollation
    THEN quote_ident(cn.nspname) || '.' || quote_ident(l.collname) END AS collation
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace cn ON cn.oid = l.collnamespace
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum

-- name: columns_before_12
-- The same for servers that know no generated columns.
SELECT a.attrelid AS table_oid,
  a.attnum AS number,
  a.attname AS name,
  format_type(a.atttypid, a.atttypmod) AS type,
  a.atttypid AS type_oid,
  a.atttypmod AS modifier,
  NOT a.attnotnull AS nullable,
  pg_get_expr(d.adbin, d.adrelid) AS "default",
  a.attidentity::text AS identity,
  '' AS generated,
  CASE WHEN a.attcollation <> t.typcollation
    THEN quote_ident(cn.nspname) || '.' || quote_ident(l.collname) END AS collation
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace cn ON cn.oid = l.collnamespace
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum

-- name: keys
-- The best key of each of the tables $1: the primary key, then the replica identity, then the
-- narrowest unique index that is whole, immediate, and on columns that hold no nulls and are
-- not generated. A NOT NULL that was never validated does not count.
SELECT DISTINCT ON (i.indrelid) i.indrelid AS table_oid, key.names
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
CROSS JOIN LATERAL (
  SELECT array_agg(a.attname::text ORDER BY k.place) AS names,
    bool_and(
      a.attnotnull
      AND coalesce(to_jsonb(a) ->> 'attgenerated', '') = ''
      AND NOT EXISTS (
        SELECT FROM pg_constraint u
        WHERE u.conrelid = a.attrelid AND u.contype = 'n' AND NOT u.convalidated
          AND u.conkey = ARRAY[a.attnum]
      )
    ) AS identifies
  FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE k.place <= i.indnkeyatts
) key
WHERE i.indrelid = ANY ($1::oid[])
  AND i.indisunique AND i.indisvalid AND i.indisready
  AND i.indpred IS NULL AND i.indexprs IS NULL
  AND (i.indimmediate OR i.indisprimary)
  AND key.identifies
ORDER BY i.indrelid, i.indisprimary DESC, i.indisreplident DESC,
  cardinality(key.names), x.relname

-- name: types
-- The types $1 and all that they are made of.
WITH RECURSIVE used (oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT made_of.part
  FROM used u
  JOIN pg_type t ON t.oid = u.oid
  CROSS JOIN LATERAL (
    SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid
    UNION ALL SELECT r.rngtypid FROM pg_range r
      WHERE t.typtype = 'm' AND (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
  ) made_of (part)
)
SELECT t.oid,
  n.nspname AS schema,
  t.typname AS name,
  CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
    WHEN 'r' THEN 'range' WHEN 'm' THEN 'multirange' WHEN 'p' THEN 'pseudo' ELSE 'base' END AS kind,
  t.oid < 10000 AS builtin,
  e.extname AS extension,
  t.typsend <> 0 AND t.typreceive <> 0 AS binary,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem END AS element,
  nullif(t.typbasetype, 0) AS base,
  CASE
    WHEN t.typtype = 'c' THEN ARRAY(
      SELECT a.atttypid FROM pg_attribute a
      WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
    WHEN t.typtype = 'r' THEN ARRAY(SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid)
    WHEN t.typtype = 'm' THEN ARRAY(
      SELECT r.rngtypid FROM pg_range r WHERE (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid)
    ELSE '{}'::oid[]
  END AS parts
FROM used u
JOIN pg_type t ON t.oid = u.oid
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type own ON own.oid = t.typelem AND t.typlen = -1
LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = coalesce(own.oid, t.oid)
  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid

-- name: user_types
-- Types made in the schemas $1: no arrays, no row types of tables, none of an extension's.
SELECT t.oid,
  n.nspname AS schema,
  t.typname AS name,
  CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
    WHEN 'r' THEN 'range' ELSE 'base' END AS kind,
  CASE t.typtype
    WHEN 'e' THEN ARRAY(
      SELECT l.enumlabel::text FROM pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)
    WHEN 'd' THEN ARRAY[
      format_type(t.typbasetype, t.typtypmod),
      CASE WHEN t.typnotnull THEN 'NOT NULL' ELSE '' END,
      coalesce(t.typdefault, '')
    ] || ARRAY(
      SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
      WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname)
    WHEN 'c' THEN ARRAY(
      SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
      WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
    WHEN 'r' THEN ARRAY(
      SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid)
    ELSE '{}'::text[]
  END AS definition
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname = ANY ($1::text[])
  AND t.typtype IN ('b', 'e', 'd', 'c', 'r')
  AND t.typisdefined
  AND (c.oid IS NULL OR c.relkind = 'c')
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  )
ORDER BY n.nspname, t.typname

-- name: foreign_keys
-- The foreign keys declared on the tables $1, without those a partition has from its parent.
SELECT n.nspname AS schema,
  c.relname AS table,
  k.conname AS name,
  ARRAY(
    SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum ORDER BY p.place
  ) AS columns,
  rn.nspname AS referenced_schema,
  r.relname AS referenced_table,
  k.convalidated AS validated,
  pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY ($1::oid[])
ORDER BY n.nspname, c.relname, k.conname

-- name: sequences
-- The sequences of the schemas $1, but for those of the tables $2 (left out).
SELECT n.nspname AS schema,
  c.relname AS name,
  tn.nspname AS owner_schema,
  t.relname AS owner_table,
  a.attname AS owner_column,
  coalesce(d.deptype = 'i', false) AS identity
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
  AND n.nspname = ANY ($1::text[])
  AND (d.refobjid IS NULL OR d.refobjid <> ALL ($2::oid[]))
  AND NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
      AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
  )
ORDER BY n.nspname, c.relname

-- name: views
-- The views and materialised views of the schemas $1 that belong to no extension.
SELECT n.nspname AS schema,
  c.relname AS name,
  c.relkind = 'm' AS materialized,
  c.relispopulated AS populated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't'
  AND n.nspname = ANY ($1::text[])
  AND NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
      AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
  )
ORDER BY n.nspname, c.relname

-- name: routines
-- The functions, procedures and aggregates of the schemas $1 that belong to no extension and no
-- range type.
SELECT n.nspname AS schema,
  p.proname AS name,
  pg_get_function_identity_arguments(p.oid) AS arguments,
  CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window'
    ELSE 'function' END AS kind,
  l.lanname AS language,
  l.lanname = 'sql' OR (l.lanpltrusted AND l.lanispl) AS trusted
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname = ANY ($1::text[])
  AND NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i')
  )
ORDER BY n.nspname, p.proname, 3

-- name: extensions
-- The installed extensions, and whether an object of the schemas $1 depends on one.
WITH RECURSIVE member (classid, objid, extension) AS (
  SELECT d.classid, d.objid, d.refobjid
  FROM pg_depend d
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  UNION
  SELECT i.classid, i.objid, m.extension
  FROM member m
  JOIN pg_depend i ON i.refclassid = m.classid AND i.refobjid = m.objid
  WHERE i.deptype IN ('i', 'a')
),
ours AS (
  SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_type'::regclass, t.oid
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_proc'::regclass, p.oid
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_constraint'::regclass, k.oid
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_attrdef'::regclass, f.oid
  FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_rewrite'::regclass, r.oid
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_trigger'::regclass, g.oid
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_policy'::regclass, y.oid
  FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])
)
SELECT e.extname::text AS name, e.extversion AS version, n.nspname::text AS schema,
  ARRAY(
    SELECT r.extname::text
    FROM pg_depend d JOIN pg_extension r ON r.oid = d.refobjid
    WHERE d.classid = 'pg_extension'::regclass AND d.objid = e.oid
      AND d.refclassid = 'pg_extension'::regclass
  ) AS requires,
  EXISTS (
    SELECT
    FROM member m
    JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
    JOIN ours o ON o.classid = d.classid AND o.objid = d.objid
    WHERE m.extension = e.oid
      AND NOT EXISTS (
        SELECT FROM member own WHERE own.classid = d.classid AND own.objid = d.objid
      )
  ) AS used
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
ORDER BY 1

-- name: features
-- What a plan has to mention, counted by kind with the first names: of the tables $1, of the
-- schemas $2, and of the database.
SELECT found.kind, count(*) AS count,
  (array_agg(found.name ORDER BY found.name))[1:50] AS names
FROM (
  SELECT 'trigger' AS kind, g.tgrelid::regclass::text || '.' || g.tgname AS name
  FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgrelid = ANY ($1::oid[])
    AND coalesce((to_jsonb(g) ->> 'tgparentid')::oid, 0) = 0
  UNION ALL SELECT 'rule', r.ev_class::regclass::text || '.' || r.rulename
  FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.ev_class = ANY ($1::oid[])
  UNION ALL SELECT 'policy', y.polrelid::regclass::text || '.' || y.polname
  FROM pg_policy y WHERE y.polrelid = ANY ($1::oid[])
  UNION ALL SELECT 'deferrable_key', k.conrelid::regclass::text || '.' || k.conname
  FROM pg_constraint k
  WHERE k.condeferrable AND k.contype IN ('p', 'u', 'x') AND k.conrelid = ANY ($1::oid[])
  UNION ALL SELECT 'not_valid', k.conrelid::regclass::text || '.' || k.conname
  FROM pg_constraint k WHERE NOT k.convalidated AND k.conrelid = ANY ($1::oid[])
  UNION ALL SELECT 'not_valid', k.contypid::regtype::text || '.' || k.conname
  FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid
  JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE NOT k.convalidated AND n.nspname = ANY ($2::text[])
  UNION ALL SELECT 'invalid_index', i.indexrelid::regclass::text
  FROM pg_index i WHERE NOT i.indisvalid AND i.indrelid = ANY ($1::oid[])
    AND (SELECT c.relkind FROM pg_class c WHERE c.oid = i.indrelid) <> 'p'
  UNION ALL SELECT 'privilege', c.oid::regclass::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relacl IS NOT NULL AND n.nspname = ANY ($2::text[])
  UNION ALL SELECT 'owner', pg_get_userbyid(c.relowner)::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($2::text[]) GROUP BY c.relowner
  UNION ALL SELECT 'event_trigger', v.evtname::text FROM pg_event_trigger v
  WHERE NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = v.oid
      AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
  )
  UNION ALL SELECT 'publication', b.pubname::text FROM pg_publication b
  UNION ALL SELECT 'subscription', s.subname::text FROM pg_subscription s
  WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  UNION ALL SELECT 'prepared_transaction', ''
  FROM pg_prepared_xacts x WHERE x.database = current_database()
  UNION ALL SELECT 'extension_rows', c.oid::regclass::text
  FROM pg_extension e CROSS JOIN LATERAL unnest(e.extconfig) AS cfg (oid)
  JOIN pg_class c ON c.oid = cfg.oid AND c.reltuples > 0
  UNION ALL SELECT 'large_object', ''
  FROM (SELECT FROM pg_largeobject_metadata LIMIT 1000000) blob
) found
GROUP BY found.kind

-- name: comments
-- How many comments describe objects of the schemas $1: relations, columns, types, routines.
SELECT count(*)
FROM pg_description d
LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
LEFT JOIN pg_type t ON d.classoid = 'pg_type'::regclass AND t.oid = d.objoid
LEFT JOIN pg_proc p ON d.classoid = 'pg_proc'::regclass AND p.oid = d.objoid
JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace, p.pronamespace)
WHERE n.nspname = ANY ($1::text[])

-- name: bodies_naming_schemas
-- Routines of the schemas $1 whose body names one of these schemas as text.
SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY ($1::text[])
  AND EXISTS (SELECT FROM unnest($1::text[]) s (name) WHERE strpos(p.prosrc, s.name || '.') > 0)
  AND NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
      AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
  )
ORDER BY 1

-- name: dependencies
-- Objects of the schemas $1 (but for the tables $2, left out, and what hangs on them) that need
-- a relation, type or routine that is not in these schemas, or is left out; no extension's.
WITH RECURSIVE member (classid, objid) AS (
  SELECT d.classid, d.objid
  FROM pg_depend d
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  UNION
  SELECT i.classid, i.objid
  FROM member m
  JOIN pg_depend i ON i.refclassid = m.classid AND i.refobjid = m.objid
  WHERE i.deptype IN ('i', 'a')
),
ours (classid, objid, kind, name, schema) AS (
  SELECT 'pg_class'::regclass::oid, c.oid,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'c' THEN 'type'
      ELSE 'table' END,
    c.relname::text, n.nspname::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.oid <> ALL ($2::oid[])
    AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
  UNION ALL SELECT 'pg_type'::regclass, t.oid, 'type', t.typname, n.nspname
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE n.nspname = ANY ($1::text[]) AND t.typrelid = 0
  UNION ALL SELECT 'pg_proc'::regclass, p.oid, 'routine', p.proname, n.nspname
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1::text[])
  UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 'constraint', c.relname, n.nspname
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.oid <> ALL ($2::oid[])
  UNION ALL SELECT 'pg_attrdef'::regclass, f.oid, 'default', c.relname, n.nspname
  FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.oid <> ALL ($2::oid[])
  UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, 'view', c.relname, n.nspname
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.oid <> ALL ($2::oid[])
  UNION ALL SELECT 'pg_trigger'::regclass, g.oid, 'trigger', c.relname, n.nspname
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.oid <> ALL ($2::oid[]) AND NOT g.tgisinternal
),
needed (classid, objid, kind, name, schema) AS (
  SELECT 'pg_class'::regclass::oid, c.oid,
    CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view'
      ELSE 'table' END,
    c.relname::text, n.nspname::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    AND (n.nspname <> ALL ($1::text[]) OR c.oid = ANY ($2::oid[]))
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  UNION ALL SELECT 'pg_type'::regclass, t.oid, 'type', t.typname, n.nspname
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE n.nspname <> ALL ($1::text[]) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  UNION ALL SELECT 'pg_proc'::regclass, p.oid, 'routine', p.proname, n.nspname
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname <> ALL ($1::text[]) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
)
SELECT DISTINCT o.kind, o.schema, o.name, w.kind AS needs_kind, w.schema AS needs_schema,
  w.name AS needs_name
FROM pg_depend d
JOIN ours o ON o.classid = d.classid AND o.objid = d.objid
JOIN needed w ON w.classid = d.refclassid AND w.objid = d.refobjid
WHERE d.deptype IN ('n', 'a')
  AND (w.classid, w.objid) NOT IN (SELECT m.classid, m.objid FROM member m)
  AND (o.classid, o.objid) NOT IN (SELECT m.classid, m.objid FROM member m)
ORDER BY 1, 2, 3, 4, 5, 6
LIMIT 500

-- name: collations
-- Collations that the server brought with it and columns or indexes of the tables $1 name.
SELECT DISTINCT l.collname::text AS name
FROM (
  SELECT a.attcollation AS oid FROM pg_attribute a
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT unnest(i.indcollation::oid[]) FROM pg_index i WHERE i.indrelid = ANY ($1::oid[])
) used
JOIN pg_collation l ON l.oid = used.oid
JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE n.nspname = 'pg_catalog' AND l.collname NOT IN ('default', 'C', 'POSIX')
ORDER BY 1
