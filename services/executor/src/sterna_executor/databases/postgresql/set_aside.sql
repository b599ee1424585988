-- name: keep
-- Sets a refused row aside, in the transaction that writes the others. Key and row are JSON with
-- every character outside of ASCII escaped: any database can hold it.
insert into _sterna.set_aside (
    migration_id, table_id, generation, address, chunk, error_id, class, sqlstate,
    column_name, constraint_name, identity, key, body
)
values ($1, $2, $3, $4::text::tid, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (migration_id, table_id, generation, address) do update
set error_id = excluded.error_id, chunk = excluded.chunk, class = excluded.class, sqlstate = excluded.sqlstate,
    column_name = excluded.column_name, constraint_name = excluded.constraint_name

-- name: of_chunk
-- The rows that were set aside of one chunk, by error; `replaced` are in the target all the same.
select error_id, class, sqlstate, column_name, constraint_name,
    count(*) filter (where arrived_hash is null) as rows,
    count(*) filter (where arrived_hash is not null) as replaced,
    (array_agg(address::text order by address) filter (where arrived_hash is null))[1:10] as addresses
from _sterna.set_aside
where migration_id = $1 and table_id = $2 and chunk = $3 and generation = $4
group by error_id, class, sqlstate, column_name, constraint_name
order by (array_agg(address order by address))[1]

-- name: of_table
-- The rows of a table that are set aside under a snapshot, by error; `replaced` are in the target
-- all the same.
select error_id, class, sqlstate, column_name, constraint_name,
    count(*) filter (where arrived_hash is null) as rows,
    count(*) filter (where arrived_hash is not null) as replaced,
    (array_agg(address::text order by address) filter (where arrived_hash is null))[1:10] as addresses
from _sterna.set_aside
where migration_id = $1 and table_id = $2 and generation = $3
group by error_id, class, sqlstate, column_name, constraint_name
order by (array_agg(address order by address))[1]

-- name: addresses
-- Where on the source the rows lie that are set aside under a snapshot, how many of them are not in
-- the target, and in which columns the others have another value.
select
    array_agg(address order by address)::text as addresses,
    count(*) filter (where arrived_hash is null) as rows,
    coalesce(
        array_agg(distinct replaced_column) filter (where replaced_column is not null), '{}'
    ) as replaced_columns
from _sterna.set_aside
where migration_id = $1 and table_id = $2 and generation = $3

-- name: addresses_missing
-- The same, with the addresses of those rows alone that are not in the target.
select
    (array_agg(address order by address) filter (where arrived_hash is null))::text as addresses,
    count(*) filter (where arrived_hash is null) as rows,
    coalesce(
        array_agg(distinct replaced_column) filter (where replaced_column is not null), '{}'
    ) as replaced_columns
from _sterna.set_aside
where migration_id = $1 and table_id = $2 and generation = $3

-- name: addresses_of_error
-- Where on the source the rows of one error lie that are not in the target, under a snapshot.
select array_agg(address::text order by address) as addresses
from _sterna.set_aside
where
    migration_id = $1 and table_id = $2 and generation = $3 and error_id = $4
    and arrived_hash is null

-- name: arrived
-- A row that was set aside is in the target with another value: its hashes are what it is there.
update _sterna.set_aside
set arrived_place = $5, arrived_hash = $6, replaced_column = $7
where migration_id = $1 and table_id = $2 and generation = $3 and address = $4::text::tid

-- name: take_back_replaced
-- No row of a table counts as one with another value, under a snapshot.
update _sterna.set_aside
set arrived_place = null, arrived_hash = null, replaced_column = null
where migration_id = $1 and table_id = $2 and generation = $3 and arrived_hash is not null

-- name: count_replaced
-- How many rows of a table are in the target with another value, under a snapshot.
select count(*) from _sterna.set_aside
where migration_id = $1 and table_id = $2 and generation = $3 and arrived_hash is not null

-- name: known
-- Errors of rows that were set aside under earlier snapshots: a row that is refused again is
-- known by its key, or by its contents where it has none.
select identity, class, min(error_id) as error_id
from _sterna.set_aside
where migration_id = $1 and table_id = $2 and generation <> $3 and identity is not null
group by identity, class

-- name: forget_earlier
-- Removes what was set aside of a table under earlier snapshots.
delete from _sterna.set_aside where migration_id = $1 and table_id = $2 and generation <> $3

-- name: forget_error
-- Removes the rows of one error that are set aside under a snapshot: they are tried again.
delete from _sterna.set_aside
where
    migration_id = $1 and table_id = $2 and generation = $3 and error_id = $4
    and arrived_hash is null
