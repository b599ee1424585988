alter table webhooks
  add column disabled_reason text,
  add column previous_sealed_secret text,
  add column previous_until timestamptz,
  add column updated_at timestamptz;
comment on column webhooks.previous_sealed_secret is
  'Deliveries are signed with this one as well until previous_until.';

create table webhook_periods (
  org_id text not null,
  webhook_id text not null,
  number integer not null,
  begins timestamptz not null,
  ends timestamptz,
  disabled boolean not null default false,
  events text[] not null,
  primary key (org_id, webhook_id, number)
);
comment on table webhook_periods is
  'When a webhook asked for which events: what happened is sent to whoever asked for it then, in whatever order things are read.';
comment on column webhook_periods.disabled is
  'The period ended because nothing was to be sent any more; what was not sent by then never is.';
insert into webhook_periods (org_id, webhook_id, number, begins, ends, disabled, events)
select org_id, webhook_id, 1, created_at, disabled_at, disabled_at is not null, events
from webhooks;

alter table notifications add column addressee text;
comment on column notifications.addressee is 'The one webhook that is told; null is every one that asks.';
