-- name: enter
-- Says which comparison of a table is at hand, never going back, and holds the row for the caller's
-- transaction.
insert into _sterna.passes as p (migration_id, table_id, pass_number)
values ($1, $2, $3)
on conflict (migration_id, table_id) do update
set pass_number = greatest(p.pass_number, excluded.pass_number)
returning pass_number

-- name: at_hand
-- The comparison of a table that is at hand.
select pass_number from _sterna.passes where migration_id = $1 and table_id = $2
