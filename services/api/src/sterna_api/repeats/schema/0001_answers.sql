-- What was answered to requests with an Idempotency-Key. Nothing of it is a projection: without
-- it the journal still knows each command again, and these rows go after some hours.
create table kept_answers (
    org_id       text        not null,
    command_id   uuid        not null,
    fingerprint  text        not null,
    claim_id     uuid        not null,
    begun_at     timestamptz not null default now(),
    leased_until timestamptz not null,
    sealed       text,
    primary key (org_id, command_id)
);

create index kept_answers_begun_at on kept_answers (begun_at);
