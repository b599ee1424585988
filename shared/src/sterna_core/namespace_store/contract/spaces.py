"""Promises about spaces and aliases."""

from sterna_core.namespace_store.contract.samples import (
    IMAGES,
    WORDS,
    read_all,
    refused,
    same,
    sample,
)
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.store import NamespaceStore


async def has_spaces_that_come_and_go(store: NamespaceStore) -> None:
    """Make a space once, open it as it was made, and drop it with all that is in it."""
    assert await store.names() == ()
    with refused("space_not_found"):
        await store.open("s-1")
    space = await store.create("s-1", [WORDS, IMAGES])
    await space.documents.upsert([sample(1)])
    again = await store.create("s-1", [IMAGES, WORDS])
    assert await again.documents.count() == 1
    with refused("space_exists"):
        await store.create("s-1", [WORDS])
    await store.create("S_2", [])
    opened = await store.open("s-1")
    assert opened.name == "s-1"
    assert opened.features == tuple(sorted([WORDS, IMAGES]))
    assert not opened.adopted
    same(await read_all(opened.documents), [sample(1)])
    assert await store.names() == ("S_2", "s-1")
    assert await store.drop("s-1")
    assert not await store.drop("s-1")
    assert await store.names() == ("S_2",)
    assert await (await store.create("s-1", [WORDS])).documents.count() == 0
    for name in ("", "a.b", "x" * 49, 'a"b', "ä"):
        with refused("bad_space_name"):
            await store.create(name, [])
    for features in ([WORDS, WORDS], [Feature("no uri", 3)], [Feature(WORDS.uri, 0)]):
        with refused("bad_feature"):
            await store.create("t", features)


async def switches_aliases_in_one_step(store: NamespaceStore) -> None:
    """Keep a space that an alias leads to."""
    for name in ("one", "two"):
        await store.create(name, [WORDS])
    assert await store.holder("live") is None
    assert await store.release("live") is None
    with refused("space_not_found"):
        await store.switch("live", "three")
    assert await store.switch("live", "one") is None
    assert await store.switch("live", "two") == "one"
    assert await store.switch("live", "two") == "two"
    assert await store.switch("other", "two") is None
    assert await store.holder("live") == "two"
    with refused("alias_held"):
        await store.drop("two")
    assert await store.drop("one")
    assert await store.release("live") == "two"
    assert await store.release("other") == "two"
    assert await store.holder("live") is None
    assert await store.drop("two")
