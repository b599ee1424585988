-- name: indexes
-- Indexes of every common kind: unique, partial, on expressions, GIN, GiST, BRIN, and an exclusion.
ALTER TABLE shop.order_lines ADD PRIMARY KEY (order_id, placed_at, line);
ALTER TABLE shop.payments ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX stock_place ON shop.stock (warehouse, product_id);
CREATE UNIQUE INDEX products_sku ON shop.products (sku);
CREATE INDEX products_sold ON shop.products (category_id) INCLUDE (price) WHERE NOT discontinued;
CREATE INDEX products_search ON shop.products USING gin (search);
CREATE INDEX products_attributes ON shop.products USING gin (attributes jsonb_path_ops);
ALTER TABLE shop.promotions
  ADD CONSTRAINT one_promotion_at_a_time EXCLUDE USING gist (product_id WITH =, period WITH &&);
ALTER TABLE shop.customers ADD CONSTRAINT customers_email_key UNIQUE (email);
CREATE UNIQUE INDEX customers_public_id ON shop.customers USING btree (public_id);
CREATE INDEX customers_by_name ON shop.customers (lower(family_name) COLLATE "C", given_name);
CREATE INDEX addresses_of_customer ON shop.addresses (customer_id);
CREATE INDEX orders_of_customer ON shop.orders (customer_id, placed_at DESC);
CREATE INDEX orders_open ON shop.orders (status) WHERE status IN ('new', 'paid');
CREATE INDEX order_lines_of_product ON shop.order_lines (product_id);
CREATE INDEX audit_at ON shop.audit USING brin (at);
CREATE STATISTICS shop.lines_together (dependencies) ON order_id, placed_at FROM shop.order_lines;
COMMENT ON INDEX shop.products_search IS 'What the search box looks in';

-- name: foreign_keys
-- References, with every kind of action; customers and addresses refer to each other.
ALTER TABLE shop.products
  ADD FOREIGN KEY (category_id) REFERENCES shop.categories (id),
  ADD FOREIGN KEY (supplier_id) REFERENCES shop.suppliers (id) ON UPDATE CASCADE;
ALTER TABLE shop.stock ADD FOREIGN KEY (product_id) REFERENCES shop.products (id) ON DELETE CASCADE;
ALTER TABLE shop.promotions
  ADD FOREIGN KEY (product_id) REFERENCES shop.products (id) ON DELETE CASCADE;
ALTER TABLE shop.addresses ADD CONSTRAINT addresses_customer_fkey
  FOREIGN KEY (customer_id) REFERENCES shop.customers (id) ON DELETE CASCADE;
ALTER TABLE shop.customers ADD CONSTRAINT customers_default_address_fkey
  FOREIGN KEY (default_address_id) REFERENCES shop.addresses (id) ON DELETE SET NULL
  DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.reviews
  ADD FOREIGN KEY (product_id) REFERENCES shop.products (id),
  ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);
ALTER TABLE shop.order_lines
  ADD FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders (id, placed_at) ON DELETE CASCADE,
  ADD FOREIGN KEY (product_id) REFERENCES shop.products (id);
ALTER TABLE shop.payments
  ADD FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders (id, placed_at),
  ADD CONSTRAINT payment_follows_order CHECK (paid_at >= placed_at);
ALTER TABLE reporting.daily_sales ADD FOREIGN KEY (category_id) REFERENCES shop.categories (id);
COMMENT ON CONSTRAINT customers_default_address_fkey ON shop.customers
  IS 'Deferred, since a customer and the first address are made together';

-- name: routines_and_views
-- Functions in SQL and PL/pgSQL, a procedure, an aggregate, triggers, views and a materialised view.
CREATE FUNCTION shop.order_total(wanted bigint) RETURNS numeric
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (SELECT sum(l.total) FROM shop.order_lines l WHERE l.order_id = wanted);
COMMENT ON FUNCTION shop.order_total(bigint) IS 'What an order costs, discounts taken off';

CREATE FUNCTION shop.category_path(wanted integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = shop, pg_catalog
AS $$
  WITH RECURSIVE up AS (
    SELECT id, parent_id, name, 1 AS depth FROM categories WHERE id = wanted
    UNION ALL
    SELECT c.id, c.parent_id, c.name, up.depth + 1 FROM categories c JOIN up ON c.id = up.parent_id
  )
  SELECT string_agg(name, ' / ' ORDER BY depth DESC) FROM up
$$;

CREATE AGGREGATE shop.product_of(float8) (SFUNC = float8mul, STYPE = float8, INITCOND = '1');

CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END
$$;

CREATE FUNCTION shop.record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shop.audit (action, subject, was, became)
  VALUES (lower(TG_OP), 'orders/' || NEW.id, row_to_json(OLD), row_to_json(NEW));
  RETURN NULL;
END
$$;

CREATE PROCEDURE shop.cancel_order(wanted bigint) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE shop.orders SET status = 'cancelled' WHERE id = wanted AND status IN ('new', 'paid');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'order % cannot be cancelled any more', wanted;
  END IF;
END
$$;

CREATE TRIGGER customers_touched BEFORE UPDATE ON shop.customers
  FOR EACH ROW WHEN (OLD.preferences IS DISTINCT FROM NEW.preferences) EXECUTE FUNCTION shop.touch();
CREATE TRIGGER orders_recorded AFTER UPDATE OF status ON shop.orders
  FOR EACH ROW EXECUTE FUNCTION shop.record_change();
COMMENT ON TRIGGER customers_touched ON shop.customers IS 'Says when a customer was last changed';

CREATE VIEW reporting.sales_by_month AS
  SELECT date_trunc('month', o.placed_at) AS month, o.status, count(*) AS orders,
    sum(shop.order_total(o.id)) AS revenue
  FROM shop.orders o GROUP BY 1, 2;
CREATE VIEW reporting.open_orders WITH (security_barrier) AS
  SELECT o.id, c.full_name, o.placed_at FROM shop.orders o
  JOIN shop.customers c ON c.id = o.customer_id WHERE o.status IN ('new', 'paid');
CREATE MATERIALIZED VIEW reporting.best_sellers AS
  SELECT p.id, p.name, sum(l.quantity) AS sold, sum(l.total) AS revenue
  FROM shop.products p JOIN shop.order_lines l ON l.product_id = p.id
  GROUP BY p.id ORDER BY revenue DESC, p.id LIMIT 1000;
CREATE UNIQUE INDEX best_sellers_product ON reporting.best_sellers (id);
CREATE VIEW reporting.best_of_all AS SELECT * FROM reporting.best_sellers LIMIT 10;
COMMENT ON VIEW reporting.sales_by_month IS 'What the owner looks at';
