-- Vectors by what they are of and the hash of their text. Nothing of it is needed to go on:
-- without it they are made again.
create table spaces (
    space_id   bigint generated always as identity primary key,
    digest     bytea  not null unique,
    extractor  text   not null,
    version    text   not null,
    parameters jsonb  not null,
    output     text   not null
);

create table vectors (
    space_id     bigint      not null references spaces on delete cascade,
    content_hash bytea       not null,
    vector       bytea       not null,
    used_at      timestamptz not null default now(),
    primary key (space_id, content_hash)
);

-- Numbers that a model made do not become smaller by compression.
alter table vectors alter column vector set storage external;

create index vectors_used_at on vectors (used_at);
