-- name: is_there
-- Whether the registry is in this database.
select pg_catalog.to_regclass('sterna_namespaces.aliases') is not null

-- name: lock
-- One creator or remover of spaces at a time.
select pg_catalog.pg_advisory_xact_lock(x'53746572'::int, x'6e73'::int)

-- name: create_schema
-- The schema of the registry.
create schema if not exists sterna_namespaces

-- name: mark_schema
-- Says whose the schema is, and of which layout.
comment on schema sterna_namespaces is 'Sterna namespaces, layout 1'

-- name: create_spaces
-- Every space with its features; `adoption` says what an adopted one looks at.
create table if not exists sterna_namespaces.spaces (
    name text collate "C" primary key,
    features json not null,
    adoption json
)

-- name: create_aliases
-- Which space each alias leads to.
create table if not exists sterna_namespaces.aliases (
    alias text collate "C" primary key,
    name text collate "C" not null references sterna_namespaces.spaces (name)
)

-- name: create_extension
-- The type of vectors and their indexes; the first time its user needs the right to create it.
create extension if not exists vector with schema public

-- name: has_extension
-- Whether the server has the files of the extension.
select exists (select from pg_catalog.pg_available_extensions where name = 'vector')

-- name: extension_schema
-- Where the extension is; no row where it is not.
select n.nspname
from pg_catalog.pg_extension as e
inner join pg_catalog.pg_namespace as n on e.extnamespace = n.oid
where e.extname = 'vector'

-- name: add
-- Registers a space.
insert into sterna_namespaces.spaces (name, features, adoption) values ($1, $2, $3)

-- name: find
-- One space as it is registered.
select features, adoption from sterna_namespaces.spaces where name = $1

-- name: hold
-- Keeps a space from being dropped until the transaction ends.
select 1 from sterna_namespaces.spaces where name = $1 for key share

-- name: remove
-- Takes a space out; gives what it was.
delete from sterna_namespaces.spaces where name = $1 returning adoption

-- name: names
-- The names of all spaces.
select name from sterna_namespaces.spaces order by name

-- name: aliases_of
-- The aliases that lead to a space.
select alias from sterna_namespaces.aliases where name = $1

-- name: holder
-- The space that an alias leads to.
select name from sterna_namespaces.aliases where alias = $1

-- name: hold_alias
-- The space that an alias leads to, which nobody else changes until the transaction ends.
select name from sterna_namespaces.aliases where alias = $1 for update

-- name: switch
-- Leads an alias to a space.
insert into sterna_namespaces.aliases (alias, name) values ($1, $2)
on conflict (alias) do update set name = excluded.name

-- name: release
-- Takes an alias away.
delete from sterna_namespaces.aliases where alias = $1 returning name
