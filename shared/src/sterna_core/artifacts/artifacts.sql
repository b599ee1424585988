-- name: clear
-- Remove what writers left that were interrupted so many seconds ago.
delete from artifacts
where not is_whole
  and begun_at < now() - make_interval(secs => $1)

-- name: begin
-- Begin a file that is not seen yet.
insert into artifacts (namespace_id, cluster_id, name)
values ($1, $2, $3)
returning artifact_id

-- name: add
-- Add a piece to a file.
insert into pieces (artifact_id, number, content)
values ($1, $2, $3)

-- name: lock
-- Let only one writer at a time finish a file of this address.
select pg_advisory_xact_lock(hashtextextended($1, 0))

-- name: find
-- Find the file that is kept under an address.
select artifact_id, bytes, sha256
from artifacts
where is_whole
  and namespace_id = $1
  and cluster_id = $2
  and name = $3

-- name: forget
-- Remove one file with its pieces.
delete from artifacts
where artifact_id = $1

-- name: finish
-- Show a file that is whole now.
update artifacts
set is_whole = true,
    bytes = $2,
    sha256 = $3
where artifact_id = $1
returning artifact_id

-- name: piece
-- Read a piece of a file.
select content
from pieces
where artifact_id = $1
  and number = $2

-- name: list
-- List the files of a namespace, or of one of its clusters.
select cluster_id, name, bytes, sha256
from artifacts
where is_whole
  and namespace_id = $1
  and ($2::text is null or cluster_id = $2)
order by cluster_id collate "C", name collate "C"

-- name: delete
-- Remove the files of a namespace, of one of its clusters, or one file, also unfinished ones.
with gone as (
    delete from artifacts
    where namespace_id = $1
      and ($2::text is null or cluster_id = $2)
      and ($3::text is null or name = $3)
    returning is_whole
)
select count(*) from gone where is_whole
