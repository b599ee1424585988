alter table api_keys
  add column scopes text[] not null default '{*}',
  add column ip_whitelist text[] not null default '{}',
  add column environment text not null default 'live',
  add column rotated_at timestamptz,
  add column previous_digest text,
  add column previous_until timestamptz;
create index api_keys_by_previous_digest on api_keys (previous_digest)
  where previous_digest is not null;

create table audit_lines (
  org_id text not null,
  source smallint not null check (source in (0, 1)),
  partition integer not null,
  position bigint not null,
  at timestamptz not null,
  actor text,
  action text not null,
  resource text not null,
  address text,
  user_agent text,
  result text not null,
  code text,
  primary key (org_id, source, partition, position)
);
comment on table audit_lines is
  'Who did what: source 0 are commands in the journal, 1 refused requests in telemetry.';
create index audit_lines_by_time on audit_lines (org_id, at desc);
create index audit_lines_of_telemetry on audit_lines (at) where source = 1;
