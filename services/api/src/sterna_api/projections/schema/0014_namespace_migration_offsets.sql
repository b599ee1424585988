-- Which event the row of a namespace migration follows from: followers of its log go by it.
alter table namespace_migrations add column event_offset bigint not null default 0;
comment on column namespace_migrations.event_offset is
  'Of the last event that the document follows from; 0 in rows of earlier versions.';
