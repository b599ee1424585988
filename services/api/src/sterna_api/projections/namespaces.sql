-- name: namespace
-- One namespace, by its id, its name or an alias that leads to it.
select namespace_id, document from namespaces n
where org_id = $1 and (namespace_id = $2 or name = $2 or namespace_id = (
  select a.namespace_id from namespace_aliases a where a.org_id = $1 and a.name = $2));

-- name: namespaces
-- A page of the namespaces that match, newest first.
select namespace_id, document from namespaces
where org_id = $1 and ($2::text is null or strpos(lower(name), lower($2)) > 0)
order by created_at desc, namespace_id limit $3 offset $4;

-- name: namespaces_count
-- How many namespaces match.
select count(*) from namespaces
where org_id = $1 and ($2::text is null or strpos(lower(name), lower($2)) > 0);

-- name: resource
-- One resource.
select resource_id, created_at, updated_at, definition from namespace_resources
where org_id = $1 and namespace_id = $2 and kind = $3 and resource_id = $4;

-- name: resources
-- A page of the resources of a kind.
select resource_id, created_at, updated_at, definition from namespace_resources
where org_id = $1 and namespace_id = $2 and kind = $3
order by resource_id limit $4 offset $5;

-- name: resource_counts
-- How many resources of each kind a namespace has.
select kind, count(*) from namespace_resources
where org_id = $1 and namespace_id = $2 group by kind;

-- name: resources_count
-- How many resources of a kind there are.
select count(*) from namespace_resources
where org_id = $1 and namespace_id = $2 and kind = $3;

-- name: all_resources
-- Every resource of a namespace.
select kind, resource_id, definition from namespace_resources
where org_id = $1 and namespace_id = $2 order by resource_id;

-- name: alias
-- One alias.
select name, namespace_id, previous_id, pointed_at, pointed_by from namespace_aliases
where org_id = $1 and name = $2;

-- name: aliases
-- A page of the aliases, by name.
select name, namespace_id, previous_id, pointed_at, pointed_by from namespace_aliases
where org_id = $1 order by name limit $2 offset $3;

-- name: aliases_count
-- How many aliases there are.
select count(*) from namespace_aliases where org_id = $1;

-- name: aliases_of
-- The aliases that lead to a namespace.
select name from namespace_aliases where org_id = $1 and namespace_id = $2
order by name limit 100;

-- name: users_of
-- Some of the migrations from or to a namespace that are at work, or can be resumed.
select migration_id from namespace_migrations
where org_id = $1
  and (status in ('validating', 'pending', 'in_progress')
    or (status = 'failed' and document->>'phase' is null)
    or document->>'phase' in ('cancelling', 'rolling_back'))
  and $2 in (document->'source'->>'namespace_id', document->'target'->>'namespace_id')
order by created_at desc, migration_id limit 20;
