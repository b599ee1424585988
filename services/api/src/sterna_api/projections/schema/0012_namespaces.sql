create table namespaces (
  org_id text not null,
  namespace_id text not null,
  name text not null,
  created_at timestamptz not null,
  document json not null,
  primary key (org_id, namespace_id)
);
create index namespaces_by_age on namespaces (org_id, created_at desc, namespace_id);
create index namespaces_by_name on namespaces (org_id, name);

create table namespace_resources (
  org_id text not null,
  namespace_id text not null,
  kind text not null,
  resource_id text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  definition json not null,
  primary key (org_id, namespace_id, resource_id)
);
create index namespace_resources_by_kind
  on namespace_resources (org_id, namespace_id, kind, resource_id);

create table namespace_aliases (
  org_id text not null,
  name text not null,
  namespace_id text not null,
  previous_id text,
  pointed_at timestamptz not null,
  pointed_by text not null,
  primary key (org_id, name)
);
create index namespace_aliases_by_target on namespace_aliases (org_id, namespace_id);
