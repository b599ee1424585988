insert into public.built_in values (
    1, true, -32768, 2147483647, -9223372036854775808, 'NaN', 12345.678, 'Infinity', '-0',
    e'tab\tline\nback\\slash "quoted" ''single'' \u00e9\U0001F426', 'none, really', 'padded', 'x',
    'a_name', '\x00ff5c6e0a', '7f3d0c1e-52d1-4a5c-9c1e-5b7e3f0a9d11', 'infinity', '23:59:59.999',
    '12:00:00+05:30', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999+00',
    '1 year -2 mons 3 days -04:05:06.789', '::ffff:1.2.3.4/96', '10.0.0.0/8', '08:00:2b:01:02:03',
    '08:00:2b:01:02:03:04:05', '{"b": 1,  "a": [null, 1.00]}', '{"b": 1, "a": [null, 1.50]}',
    '$.a[*] ? (@ > 1)', null, '-1234.56', '10110', '1', '(1.5,-2)',
    '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(0,0)', '((0,0),(1,1),(2,0))', '((0,0),(1,1),(2,0))',
    '<(0,0),2.5>', '''fat'':1A cat:2', 'fat & (rat | !cat)', '[1,10)', '(,5.5]',
    '["2020-01-01 00:00:00+00",)', '{[1,3),[5,9)}', '[0:2]={1,null,3}',
    '{{"a","null"},{null,"b,\"c"}}', '{0.1,NaN,-Infinity}', '{"(1,2)"}', 4294967295, '16/B374D848',
    '10:20:10,14'
);
insert into public.built_in (id) values (2);
insert into public.built_in (id, c_float8, c_text, c_numeric, c_ints) values (
    3, 0.1::float8 + 0.2, '', 1e-30, '{}'
);

insert into public.of_this_database values
(
    1, 'ok', '{happy,NULL,sad}', 3.14, '{1.00,2.5}', row('a "b", (c)', '(1,2)', '{ok}'),
    array[row('x', null, '{}')::public.place, null], '[0.1,0.2)', 'pg_catalog.pg_class', 'zebra'
),
(2, null, null, null, null, null, null, null, null, null),
(2, null, null, null, null, null, null, null, null, null);
