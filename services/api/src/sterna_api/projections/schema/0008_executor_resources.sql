-- What executors at work last said of what they use.

create table executor_resources (
  org_id text not null,
  migration_id text not null,
  executor_id text not null,
  at timestamptz not null,
  active_workers integer not null,
  cpu_percent double precision,
  memory_percent double precision,
  network_percent double precision,
  primary key (org_id, migration_id, executor_id)
);
