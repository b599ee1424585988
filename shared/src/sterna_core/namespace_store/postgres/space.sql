-- name: create_schema
-- The schema of a space.
create schema {space}

-- name: create_documents
-- Documents or objects, in the order of the bytes of their ids. JSON is kept as it was written.
create table {table} (
    document_id text collate "C" primary key,
    collection_id text collate "C" not null,
    payload json not null
)

-- name: create_collections
-- By which the documents of one collection are found, in the same order.
create index on {table} (collection_id, document_id)

-- name: create_vectors
-- Vectors beside their documents; `feature` is the number of the feature in the registry's list.
create table {space}.vectors (
    document_id text collate "C" not null,
    feature smallint not null,
    v {vector}.vector not null,
    primary key (document_id, feature)
)

-- name: create_receipts
-- What was done, written in the transaction that did it.
create table {space}.receipts (
    name text collate "C" primary key,
    epoch bigint not null,
    body json not null
)

-- name: create_fence
-- One row: work of a lower epoch writes nothing.
create table {space}.fence (epoch bigint not null)

-- name: plant_fence
-- Begins with the epoch that refuses nothing.
insert into {space}.fence (epoch) values (0)

-- name: drop_schema
-- Removes a space with all that is in it.
drop schema {space} cascade

-- name: create_index
-- The index of one feature: partial, so that vectors of two features never meet in it.
create index if not exists vectors_feature_{feature} on {space}.vectors
using hnsw ((v::{vector}.{type}({dimensions})) {vector}.{type}_{operators}_ops)
where feature = {feature}

-- name: analyze
-- Tells the planner what was loaded: without it pages are read as if there were few documents.
analyze {space}.documents, {space}.vectors

-- name: receipt
-- What was written under a name.
select epoch, body from {space}.receipts where name = $1

-- name: keep_receipt
-- Writes a receipt unless there is one of its name or its epoch is over; the epoch stays as it is
-- until the transaction ends.
with fence as (select epoch from {space}.fence for share),
kept as (
    insert into {space}.receipts (name, epoch, body)
    select $1, $2, $3::json from fence where epoch <= $2
    on conflict (name) do nothing
    returning 1
)
select (select epoch from fence) as epoch, exists (select from kept) as kept

-- name: raise_epoch
-- Moves the fence, never back; transactions that have read it are waited for.
update {space}.fence set epoch = greatest(epoch, $1) returning epoch
