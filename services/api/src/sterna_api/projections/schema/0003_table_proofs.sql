-- What the last comparison of each table left behind: the evidence of certificates.

create table table_proofs (
  org_id text not null,
  migration_id text not null,
  table_id text not null,
  rows bigint not null,
  document json not null,
  primary key (org_id, migration_id, table_id)
);
