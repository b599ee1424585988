create table notices (
  org_id text not null,
  migration_id text not null,
  event_id text not null,
  channel text not null check (channel in ('email', 'slack')),
  recipient text not null,
  status text not null check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null,
  due_at timestamptz not null,
  claimed_until timestamptz,
  last_reason text,
  last_attempt_at timestamptz,
  primary key (org_id, migration_id, event_id, channel, recipient)
);
comment on table notices is
  'The outbox of messages to people. Only claimed_until is the sender''s own; the rest follows from events.';
create index notices_due on notices (due_at) where status = 'pending';
