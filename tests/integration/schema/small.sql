-- A few objects of the kinds that take different paths, so that every step can be interrupted.
create type mood as enum ('sad', 'happy');
create table customer (id serial primary key, name text unique, feeling mood);
create table sale (id integer primary key, customer integer references customer (id), at date)
    partition by range (id);
create table sale_1 partition of sale for values from (1) to (1000);
create index sale_at on sale (at);
create materialized view per_customer as select customer, count(*) from sale group by customer;
create function noted() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger note after insert on sale for each row execute function noted();
create function noted_ddl() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger watch on sql_drop execute function noted_ddl();
comment on trigger note on sale is 'takes a note';
insert into customer (name) values ('a'), ('b');
insert into sale values (1, 1, '2025-01-01');
refresh materialized view per_customer;
