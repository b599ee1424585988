-- name: insert_namespace
-- A namespace was made.
insert into namespaces (org_id, namespace_id, name, created_at, document)
values ($1, $2, $3, $4, $5);

-- name: delete_namespace
-- A namespace was deleted: the sealed password of its store goes with it.
delete from namespaces where org_id = $1 and namespace_id = $2;

-- name: delete_resources
-- The resources of a namespace that was deleted.
delete from namespace_resources where org_id = $1 and namespace_id = $2;

-- name: upsert_resource
-- A resource was put, in place of the one of its id if there was one.
insert into namespace_resources
  (org_id, namespace_id, kind, resource_id, created_at, updated_at, definition)
values ($1, $2, $3, $4, $5, $5, $6)
on conflict (org_id, namespace_id, resource_id) do update
set updated_at = excluded.updated_at, definition = excluded.definition;

-- name: delete_resource
-- A resource was removed.
delete from namespace_resources where org_id = $1 and namespace_id = $2 and resource_id = $3;

-- name: upsert_alias
-- An alias leads to a namespace.
insert into namespace_aliases (org_id, name, namespace_id, previous_id, pointed_at, pointed_by)
values ($1, $2, $3, $4, $5, $6)
on conflict (org_id, name) do update
set namespace_id = excluded.namespace_id, previous_id = excluded.previous_id,
  pointed_at = excluded.pointed_at, pointed_by = excluded.pointed_by;

-- name: delete_alias
-- An alias is free.
delete from namespace_aliases where org_id = $1 and name = $2;
