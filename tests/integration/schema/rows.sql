-- Rows for the tables of everything.sql, and sequences that have moved on.
insert into shop.customer (mail, feeling, points)
    select 'c' || i || '@example.test', 'it''s fine', i from generate_series(1, 50) i;
insert into shop.numbers (room, period) select i, int4range(i, i + 1) from generate_series(1, 20) i;
insert into shop.house (id, code) values (1, 'one'), (2, 'two');
insert into shop.person (friend) values (1), (2);
update shop.house set owner = 1;
insert into shop.event (id, region, at, customer) values
    (1, 'eu', '2025-05-05', 100), (2, 'eu', '2020-01-01', 110), (3, 'us', '2025-01-01', null),
    (4, 'zz', '2025-01-01', null);
insert into shop.hashed select i, 'v' from generate_series(1, 10) i;
insert into shop.refers values (1, 1, 'eu', '2025-05-05', 3);
select setval('shop.ticket', 55, false);
refresh materialized view shop.per_mood;
refresh materialized view shop.per_mood_again;
refresh materialized view shop.by_key_kept;
