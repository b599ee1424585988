-- name: upsert_table_proof
-- A table's sides were found equal: what proves it takes the place of what did before.
insert into table_proofs (org_id, migration_id, table_id, rows, document)
values ($1, $2, $3, $4, $5)
on conflict (org_id, migration_id, table_id) do update
set rows = excluded.rows, document = excluded.document;

-- name: forget_table_proof
-- A table's sides were found to differ: what proved them equal before proves nothing now.
delete from table_proofs where org_id = $1 and migration_id = $2 and table_id = $3;

-- name: table_proofs
-- What proves that the tables of a migration are equal.
select table_id, rows, document from table_proofs where org_id = $1 and migration_id = $2;
