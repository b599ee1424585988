from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    load_everything,
)


async def test_every_kind_of_object_comes_out_equal(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)

    created = await migration.create()
    await migration.build_all(created.objects)

    assert created.skipped == ()
    assert await dump_text(target_database) == await dump_text(source_database)


async def test_each_index_names_the_table_that_has_to_be_full_before_it(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)

    created = await migration.create()

    tables = {item.name: item.table_id for item in created.objects if item.wave == "index"}
    assert tables["shop.numbers_odd"] == "shop.numbers"
    assert tables["shop.customer customer_pkey"] == "shop.customer"
    assert tables["shop.event_eu_2025_at_idx"] == "shop.event_eu_2025"
    assert tables["shop.event_at"] is None  # it holds no rows itself
    assert tables["shop.event event_pkey"] is None
    assert tables["shop.per_mood_key"] is None
