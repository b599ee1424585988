-- Files of clusters in pieces. A file is seen once all of it is there; what an interrupted
-- writer left is removed by a later one.
create table artifacts (
    artifact_id  bigint      generated always as identity primary key,
    namespace_id text        not null,
    cluster_id   text        not null,
    name         text        not null,
    is_whole     boolean     not null default false,
    bytes        bigint      not null default 0,
    sha256       bytea       not null default '',
    begun_at     timestamptz not null default now()
);

create unique index artifacts_whole on artifacts (namespace_id, cluster_id, name) where is_whole;
create index artifacts_unfinished on artifacts (begun_at) where not is_whole;

create table pieces (
    artifact_id bigint  not null references artifacts on delete cascade,
    number      integer not null,
    content     bytea   not null,
    primary key (artifact_id, number)
);

-- Parquet is compressed already.
alter table pieces alter column content set storage external;
