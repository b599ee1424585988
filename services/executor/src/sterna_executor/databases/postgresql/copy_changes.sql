-- name: analyse
-- Lets the server know how many rows were written lately, so that it finds them in the table by key.
analyze pg_temp.changed
