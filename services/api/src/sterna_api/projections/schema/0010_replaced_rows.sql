alter table migration_errors add column rows_replaced bigint not null default 0;
comment on column migration_errors.rows_replaced is
  'Rows that are in the target with another value than the source has, as decided.';
