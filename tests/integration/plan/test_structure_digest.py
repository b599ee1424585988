from sterna_executor.databases.postgresql.structure import structure_digest
from support.plan.sides import Sides

SHOP = """
    CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('good', 'bad');
    CREATE DOMAIN shop.whole AS int CHECK (VALUE > 0);
    CREATE TABLE shop.a (id int PRIMARY KEY, name text, m shop.mood);
    CREATE TABLE shop.b (id int NOT NULL, a int REFERENCES shop.a, at date) PARTITION BY RANGE (at);
    CREATE TABLE shop.b_1 PARTITION OF shop.b FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
"""
SAME = (
    "INSERT INTO shop.a VALUES (1, 'x', 'good')",
    "ANALYZE shop.a",
    "COMMENT ON TABLE shop.a IS 'new'",
    "CREATE INDEX ON shop.a (name)",
    "CREATE SCHEMA other; CREATE TABLE other.t (id int)",
    "GRANT SELECT ON shop.a TO PUBLIC",
    "VACUUM FULL shop.a",
)
OTHER = (
    "ALTER TABLE shop.a ADD COLUMN more int",
    "ALTER TABLE shop.a DROP COLUMN more",
    "ALTER TABLE shop.a ALTER COLUMN name TYPE varchar(20)",
    "ALTER TABLE shop.a ALTER COLUMN name SET NOT NULL",
    "ALTER TABLE shop.a ALTER COLUMN name SET DEFAULT 'x'",
    "ALTER TABLE shop.a RENAME COLUMN name TO title",
    "ALTER TABLE shop.a RENAME TO c",
    "ALTER TYPE shop.mood ADD VALUE 'so-so'",
    "ALTER DOMAIN shop.whole DROP CONSTRAINT whole_check",
    "CREATE TABLE shop.b_2 PARTITION OF shop.b FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')",
    "ALTER TABLE shop.b DETACH PARTITION shop.b_2",
    "ALTER TABLE shop.b ADD PRIMARY KEY (id, at)",
    "ALTER TABLE shop.b DROP CONSTRAINT b_a_fkey",
    "DROP TABLE shop.b",
)


async def test_the_digest_changes_where_the_structure_does_and_only_there(sides: Sides):
    async def digest() -> str:
        return structure_digest(await sides.inventory(schemas=("shop",)))

    await sides.source.execute(SHOP)
    before = await digest()
    for statement in SAME:
        for part in statement.split("; "):
            await sides.source.execute(part)
        assert await digest() == before, statement
    seen = {before}
    for statement in OTHER:
        await sides.source.execute(statement)
        seen.add(now := await digest())
        assert now != before, statement
        before = now
    # Dropping what was added brings an earlier structure back.
    assert len(seen) == len(OTHER) + 1 - 1


async def test_a_copy_of_the_structure_has_the_same_digest(sides: Sides):
    await sides.source.execute(SHOP)
    await sides.target.execute("CREATE TABLE shifts_every_address (id int)")
    await sides.target.execute(SHOP)
    here = structure_digest(await sides.inventory(schemas=("shop",)))
    sides.source_url = sides.target_url
    assert structure_digest(await sides.inventory(schemas=("shop",))) == here
