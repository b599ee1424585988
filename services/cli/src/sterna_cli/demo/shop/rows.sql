-- name: categories
-- $1 categories; every one but the first tenth is part of an earlier one.
INSERT INTO shop.categories (parent_id, name, position)
SELECT CASE WHEN i > greatest($1 / 10, 1) THEN 1 + floor(random() * (i - 1))::int END,
  (ARRAY['Garden', 'Kitchen', 'Books', 'Music', 'Toys', 'Tools', 'Shoes', 'Tea', 'Lamps',
    'Bicycles'])[1 + i % 10] || ' ' || i,
  i % 7
FROM generate_series(1, $1::int) i
ORDER BY i

-- name: suppliers
-- $1 suppliers.
INSERT INTO shop.suppliers (name, country, delivers_within, api_network)
SELECT 'Supplier № ' || i, (ARRAY['DE', 'FR', 'PL', 'SE', 'JP', 'BR'])[1 + i % 6],
  make_interval(days => 1 + i % 20, hours => i % 24),
  CASE WHEN i % 3 > 0 THEN ('10.' || i % 256 || '.0.0/16')::inet END
FROM generate_series(1, $1::int) i
ORDER BY i

-- name: products
-- $1 products, with texts in several alphabets, some pictures and some without a price tag.
INSERT INTO shop.products (sku, category_id, supplier_id, name, description, price, tags,
  attributes, weight_kg, storage, picture, discontinued, created_at)
SELECT 'SKU-' || to_char(i, 'FM0000000'),
  1 + floor(random() * c.categories)::int,
  1 + floor(random() * c.suppliers)::int,
  (ARRAY['Großer', 'Petit', 'Стальной', '木製の', 'Żółty', 'Plain', 'Fine', 'Sturdy'])[1 + i % 8]
    || ' ' || (ARRAY['kettle', 'lamp', 'chair', 'novel', 'saw', 'boot', 'teapot'])[1 + i % 7]
    || ' ' || i,
  repeat('Made with care and sold with joy. ', 1 + i % 5) || 'Article ' || i || '. 🌿',
  (1 + floor(random() * 50000)) / 100.0,
  (ARRAY['new', 'sale', 'eco', 'hand made', 'gift', 'heavy'])[1 + i % 3 : 1 + i % 6],
  jsonb_build_object('colour', (ARRAY['red', 'green', 'blue', null])[1 + i % 4],
    'sizes', to_jsonb(ARRAY[i % 5, i % 7]), 'rating', round((random() * 5)::numeric, 2)),
  CASE WHEN i % 11 > 0 THEN (random() * 30)::real END,
  CASE WHEN i % 5 = 0 THEN shop.temperature_range((i % 10)::float8, (10 + i % 20)::float8, '[]') END,
  CASE WHEN i % 10 = 0 THEN decode(repeat(md5(i::text), 20 + i % 60), 'hex') END,
  i % 29 = 0,
  timestamptz '2020-01-01 UTC' + random() * interval '5 years'
FROM generate_series(1, $1::int) i,
  (SELECT (SELECT count(*) FROM shop.categories) AS categories,
    (SELECT count(*) FROM shop.suppliers) AS suppliers) c
ORDER BY i

-- name: stock
-- Each product in some of $1 rows' worth of warehouses.
INSERT INTO shop.stock (warehouse, product_id, quantity, counted_on)
SELECT w.name, p.id, floor(random() * 500)::int,
  CASE WHEN p.id % 4 > 0 THEN date '2025-12-01' + p.id % 31 END
FROM (SELECT id FROM shop.products ORDER BY id LIMIT $1 / 2) p
CROSS JOIN (VALUES ('BER'), ('KRK')) w (name)
ORDER BY p.id, w.name

-- name: promotions
-- $1 promotions; those of one product never overlap.
INSERT INTO shop.promotions (product_id, period, discount)
SELECT 1 + i % n.products,
  tstzrange(
    timestamptz '2025-01-01 UTC' + make_interval(days => 20 * (i / n.products)),
    timestamptz '2025-01-11 UTC' + make_interval(days => 20 * (i / n.products)),
    '[)'),
  0.05 + (i % 9) * 0.05
FROM generate_series(1, $1::int) i,
  (SELECT count(*)::int AS products FROM shop.products) n
ORDER BY i

-- name: customers
-- $1 customers.
INSERT INTO shop.customers (public_id, email, given_name, family_name, born_on, contact_by,
  preferences, created_at)
SELECT md5('customer ' || i)::uuid,
  'Customer.' || i || '@example.' || (ARRAY['com', 'org', 'net'])[1 + i % 3],
  (ARRAY['Ada', 'Émile', 'Ольга', '花子', 'Zoë', 'José', 'Ingrid', 'Noor'])[1 + i % 8],
  (ARRAY['Lovelace', 'Żak', 'Петрова', '山田', 'O''Brien', 'van Dijk', 'Müller'])[1 + i % 7],
  CASE WHEN i % 6 > 0 THEN date '1940-01-01' + floor(random() * 24000)::int END,
  (ARRAY['email', 'sms', 'post'])[1 + i % 2 : 1 + i % 3]::shop.channel[],
  CASE WHEN i % 3 = 0 THEN jsonb_build_object('newsletter', i % 2 = 0, 'language',
    (ARRAY['de', 'fr', 'pl', 'ja'])[1 + i % 4]) END,
  timestamptz '2019-06-01 UTC' + random() * interval '6 years'
FROM generate_series(1, $1::int) i
ORDER BY i

-- name: addresses
-- $1 addresses: at least one for each customer where there are enough.
INSERT INTO shop.addresses (customer_id, place, position)
SELECT 1 + (i - 1) % n.customers,
  ROW((ARRAY['High Street', 'Rue de la Paix', 'Невский проспект', 'Hauptstraße'])[1 + i % 4]
      || ' ' || 1 + i % 200,
    (ARRAY['Berlin', 'Kraków', 'Göteborg', 'São Paulo', '京都'])[1 + i % 5],
    to_char(i % 100000, 'FM00000'), (ARRAY['DE', 'PL', 'SE', 'BR', 'JP'])[1 + i % 5])::shop.place,
  CASE WHEN i % 2 = 0 THEN point(random() * 180 - 90, random() * 360 - 180) END
FROM generate_series(1, $1::int) i, (SELECT count(*) AS customers FROM shop.customers) n
ORDER BY i

-- name: default_addresses
-- Customers prefer one of their addresses: the references go both ways from here on.
UPDATE shop.customers c
SET default_address_id = a.id
FROM (SELECT customer_id, min(id) AS id FROM shop.addresses GROUP BY customer_id) a
WHERE a.customer_id = c.id AND c.id % 10 = 0

-- name: reviews
-- At most $1 reviews; some say nothing.
INSERT INTO shop.reviews (product_id, customer_id, stars, body, written_at)
SELECT 1 + floor(random() * random() * n.products)::int, 1 + floor(random() * n.customers)::bigint,
  1 + i % 5,
  CASE WHEN i % 4 > 0 THEN (ARRAY['Good.', 'Broke after a week :-(', 'Très bien !', 'とても良い',
    E'Two\nlines,\twith a tab and a backslash \\'])[1 + i % 5] END,
  timestamp '2025-01-01' + random() * interval '1 year'
FROM generate_series(1, $1::int) i,
  (SELECT (SELECT count(*) FROM shop.products) AS products,
    (SELECT count(*) FROM shop.customers) AS customers) n
ORDER BY i
ON CONFLICT DO NOTHING

-- name: orders
-- $1 orders over the year 2025, and a few before and after it.
INSERT INTO shop.orders (placed_at, customer_id, status, ship_to, note)
SELECT timestamptz '2024-12-25 UTC' + (i / $1::float8) * interval '375 days',
  1 + floor(random() * random() * n.customers)::bigint,
  (ARRAY['delivered', 'delivered', 'delivered', 'shipped', 'paid', 'new', 'cancelled']
    )[1 + i % 7]::shop.order_status,
  CASE WHEN i % 9 = 0 THEN ROW('Poste restante', 'Łódź', NULL, 'PL')::shop.place END,
  CASE WHEN i % 50 = 0 THEN 'Leave it with the neighbour, "the one with the dog".' END
FROM generate_series(1, $1::int) i, (SELECT count(*) AS customers FROM shop.customers) n
ORDER BY i

-- name: order_lines
-- One to five lines for each order; about $1 in all.
INSERT INTO shop.order_lines (order_id, placed_at, line, product_id, quantity, unit_price, discount)
SELECT o.id, o.placed_at, l.line,
  1 + floor(random() * random() * n.products)::int,
  1 + floor(random() * 4)::int,
  (100 + floor(random() * 20000)) / 100.0,
  CASE WHEN o.id % 8 = 0 THEN 0.1 ELSE 0 END
FROM (SELECT o.id, o.placed_at FROM shop.orders o ORDER BY o.id) o
CROSS JOIN LATERAL generate_series(
  1, least(5, 1 + (o.id * 7 + o.id / 3) % (2 * $1 / greatest($2, 1) - 1))) l (line)
CROSS JOIN (SELECT count(*) AS products FROM shop.products) n

-- name: payments
-- One payment for each order that was neither cancelled nor left unpaid; $1 is what to expect.
INSERT INTO shop.payments (id, order_id, placed_at, method, amount, paid_at, signature)
SELECT md5('payment ' || o.id)::uuid, o.id, o.placed_at,
  (ARRAY['card', 'card', 'card', 'transfer', 'gift card', 'cash on delivery']
    )[1 + o.id % 6]::shop.payment_method,
  l.total,
  o.placed_at + make_interval(secs => 60 + o.id % 86400),
  decode(md5('signed ' || o.id), 'hex')
FROM shop.orders o
JOIN (SELECT order_id, sum(total) AS total FROM shop.order_lines GROUP BY order_id) l
  ON l.order_id = o.id
WHERE o.status NOT IN ('new', 'cancelled') AND $1::int > 0
ORDER BY o.id

-- name: audit
-- $1 entries, every tenth of them twice over.
INSERT INTO shop.audit (at, actor, action, subject, was, became)
SELECT timestamptz '2025-01-01 UTC' + (e.i / $1::float8) * interval '1 year',
  (ARRAY['web', 'back office', 'nightly'])[1 + e.i % 3],
  (ARRAY['insert', 'update', 'delete'])[1 + e.i % 3],
  'orders/' || e.i,
  CASE WHEN e.i % 3 > 0 THEN json_build_object('status', 'new', 'seen', e.i % 9) END,
  CASE WHEN e.i % 3 < 2 THEN json_build_object('status', 'paid', 'by', null) END
FROM (SELECT i - CASE WHEN i % 10 = 1 THEN 1 ELSE 0 END AS i FROM generate_series(1, $1::int) i) e
ORDER BY e.i

-- name: baskets
-- $1 baskets of customers who are about to buy.
INSERT INTO shop.baskets (session, lines, touched_at)
SELECT md5('basket ' || i)::uuid,
  jsonb_build_array(jsonb_build_object('product', i % 1000, 'quantity', 1 + i % 3)),
  timestamptz '2025-12-31 UTC' + make_interval(secs => i)
FROM generate_series(1, $1::int) i
ORDER BY i

-- name: gift_cards
-- $1 gift cards, in a table whose names need quotes.
INSERT INTO shop."Gift Cards" ("Code", "Worth, €", "order", "Valid from/until")
SELECT upper(left(md5('gift ' || i), 12)), 10 * (1 + i % 10), CASE WHEN i % 2 = 0 THEN i END,
  daterange(date '2025-01-01' + i % 300, CASE WHEN i % 5 > 0 THEN date '2027-01-01' END)
FROM generate_series(1, $1::int) i
ORDER BY i

-- name: notes
-- $1 notes, half of them about a customer.
WITH general AS (
  INSERT INTO shop.notes (body, written_by)
  SELECT 'Note ' || i, CASE WHEN i % 2 = 0 THEN 'staff' END
  FROM generate_series(1, $1 / 2) i
)
INSERT INTO shop.customer_notes (body, written_by, customer_id)
SELECT 'Called about order ' || i, 'staff', 1 + i % 100
FROM generate_series(1, $1 / 2) i

-- name: daily_sales
-- What reporting adds up every night; $1 is what to expect.
INSERT INTO reporting.daily_sales (day, category_id, orders, revenue)
SELECT (l.placed_at AT TIME ZONE 'UTC')::date, p.category_id, count(DISTINCT l.order_id),
  sum(l.total)
FROM shop.order_lines l JOIN shop.products p ON p.id = l.product_id
WHERE $1::int > 0
GROUP BY 1, 2
ORDER BY 1, 2
