-- Webhooks that are sent only what concerns one thing: the address that a migration was given.
alter table webhooks add column about text;
comment on column webhooks.about is 'Only what concerns this is sent; null is everything asked for.';
alter table notifications add column about text;
comment on column notifications.about is 'What it concerns, where somebody may ask for that alone.';
