-- Namespace migrations as they are shown.

create table namespace_migrations (
  org_id text not null,
  migration_id text not null,
  status text not null,
  migration_type text not null,
  source_namespace_id text not null,
  created_at timestamptz not null,
  document json not null,
  primary key (org_id, migration_id)
);
create index namespace_migrations_by_age
  on namespace_migrations (org_id, created_at desc, migration_id);
