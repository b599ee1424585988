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
