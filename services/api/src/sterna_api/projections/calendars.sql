-- name: scheduled
-- The newest migrations that have a schedule.
select document from migrations
where org_id = $1 and document #>> '{about,agenda,schedule}' is not null
order by created_at desc, migration_id limit $2;
