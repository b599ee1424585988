"""Namespaces, their names and aliases: whatever comes in whatever order, names are one's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sterna_core.journal.local import LocalDecider
from sterna_core.namespace.commands import (
    CreateNamespace,
    DeleteNamespace,
    PutResource,
    RemoveResource,
)
from sterna_core.namespace.decider import NAMESPACE
from sterna_core.namespace.place import place_of_name
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace.state import Deleted, Live
from sterna_core.namespace_migration.graph import graph_of
from sterna_core.namespace_name.commands import ClaimName, PointAlias, ReleaseAlias
from sterna_core.namespace_name.decider import NAMESPACE_NAME
from sterna_core.namespace_name.state import Alias, Free, Owned

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
ORG = "org_test"
NAMES = ("products", "reviews")
NAMESPACES = tuple(f"ns_{letter}" for letter in "abcd")
_some_name, _some_namespace = some.sampled_from(NAMES), some.sampled_from(NAMESPACES)
IDS: dict[str, ResourceKind] = {
    "b": "bucket",
    "c1": "collection",
    "c2": "collection",
    "r": "retriever",
    "t": "taxonomy",
    "k": "cluster",
}
_some_id = some.sampled_from(sorted(IDS))


def decider() -> LocalDecider:
    made = LocalDecider([NAMESPACE, NAMESPACE_NAME], org_id=ORG)
    made.now = START
    return made


def refusal(world: LocalDecider, aggregate_id: str, command: Any) -> str | None:
    outcome = world.send(aggregate_id, command)
    assert outcome is not None
    return outcome.rejected.code if outcome.rejected else None


def creation(name: str) -> CreateNamespace:
    return CreateNamespace(name=name, by="key_test")


def claimed(world: LocalDecider, namespace_id: str = "ns_a", name: str = "products") -> None:
    claim = ClaimName(namespace_id=namespace_id, namespace=creation(name))
    assert refusal(world, place_of_name(ORG, name), claim) is None


def made(world: LocalDecider, namespace_id: str = "ns_a", name: str = "products") -> None:
    claimed(world, namespace_id, name)
    assert refusal(world, namespace_id, creation(name)) is None


def put(resource_id: str, kind: ResourceKind, **definition: Any) -> PutResource:
    return PutResource(resource=Resource(resource_id, kind, definition))


def test_a_name_that_was_claimed_is_that_of_a_namespace_though_whoever_claimed_it_is_gone() -> None:
    world = decider()
    claimed(world)
    place = place_of_name(ORG, "products")
    world.now += timedelta(seconds=60)
    assert world.fire_timers(place) == 2
    assert world.state("ns_a") == Live(name="products")
    assert world.timers(place) == ()


def test_a_namespace_that_is_made_twice_is_one_and_its_deletion_stays() -> None:
    world = decider()
    made(world)
    assert refusal(world, "ns_a", put("b", "bucket")) is None
    assert refusal(world, "ns_a", creation("products")) is None
    assert set(world.state("ns_a").resources) == {"b"}
    world.send("ns_a", DeleteNamespace())
    world.now += timedelta(seconds=60)
    assert world.fire_timers(place_of_name(ORG, "products")) == 2
    assert isinstance(world.state("ns_a"), Deleted)


def test_the_name_of_a_deleted_namespace_is_free_though_whoever_deleted_it_is_gone() -> None:
    world = decider()
    made(world)
    again = ClaimName(namespace_id="ns_b", namespace=creation("products"))
    place = place_of_name(ORG, "products")
    assert refusal(world, place, again) == "namespace_name_taken"
    world.send("ns_a", DeleteNamespace())
    world.now += timedelta(seconds=60)
    assert world.fire_timers("ns_a") == 2
    assert world.timers("ns_a") == ()
    assert refusal(world, place, again) is None


def test_a_claim_that_comes_after_the_deletion_does_not_keep_the_name() -> None:
    world = decider()
    made(world)
    world.send("ns_a", DeleteNamespace())
    for _ in range(2):
        world.now += timedelta(seconds=40)
        for each in ("ns_a", place_of_name(ORG, "products")):
            world.fire_timers(each)
    place = place_of_name(ORG, "products")
    assert world.state(place) == Free()

    claimed(world)  # the same request, on its way for longer than its namespace lived
    for _ in range(2):
        world.now += timedelta(seconds=40)
        for each in ("ns_a", place):
            world.fire_timers(each)

    assert world.state(place) == Free()
    assert isinstance(world.state("ns_a"), Deleted)
    made(world, "ns_b")


def test_a_cycle_over_what_is_attached_can_be_put_and_one_of_definitions_cannot() -> None:
    world = decider()
    made(world)
    for command in (
        put("b", "bucket"),
        put("c1", "collection", source={"type": "bucket", "bucket_ids": ["b"]}),
        put("r", "retriever", collection_ids=["c1"]),
        put("t", "taxonomy", retriever_id="r", source_collection={"collection_id": "c1"}),
        put(
            "c1",
            "collection",
            source={"type": "bucket", "bucket_ids": ["b"]},
            taxonomy_applications=[{"taxonomy_id": "t"}],
        ),
    ):
        assert refusal(world, "ns_a", command) is None
    through = put("c1", "collection", source={"type": "taxonomy", "taxonomy_id": "t"})
    outcome = world.send("ns_a", through)
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "definition_cycle"
    assert outcome.rejected.details["cycle"][0] == outcome.rejected.details["cycle"][-1] == "c1"


def test_a_definition_says_what_is_wrong_with_it() -> None:
    world = decider()
    made(world)
    needs = put("r", "retriever", collection_ids=["c1"])
    assert refusal(world, "ns_a", needs) == "dangling_reference"
    assert refusal(world, "ns_a", put("c1", "bucket")) is None
    assert refusal(world, "ns_a", needs) == "wrong_reference"
    assert refusal(world, "ns_a", put("c1", "collection")) == "resource_id_taken"
    gone = RemoveResource(kind="collection", resource_id="c1")
    assert refusal(world, "ns_a", gone) == "collection_not_found"


def test_the_same_definition_again_changes_nothing() -> None:
    world = decider()
    made(world)
    first = world.send("ns_a", put("b", "bucket", one=1, two=[2.0, {"three": None}]))
    again = world.send("ns_a", put("b", "bucket", two=[2.0, {"three": None}], one=1))
    other = world.send("ns_a", put("b", "bucket", one=2))
    assert [len(each.events) for each in (first, again, other) if each] == [1, 0, 1]


class Namespaces(RuleBasedStateMachine):
    """Users who know nothing of each other, and processes that go away at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.world = decider()
        self.wanted: dict[str, str] = {}
        self.deleted: set[str] = set()

    @rule(namespace_id=_some_namespace, name=_some_name)
    def claim(self, namespace_id: str, name: str) -> None:
        # A request leads to one id and one name, so an id never has two names.
        if self.wanted.setdefault(namespace_id, name) != name:
            return
        claim = ClaimName(namespace_id=namespace_id, namespace=creation(name))
        refused = refusal(self.world, place_of_name(ORG, name), claim)
        if refused is not None and namespace_id not in self._owners():
            self.wanted.pop(namespace_id, None)

    @rule(namespace_id=_some_namespace)
    def make(self, namespace_id: str) -> None:
        if namespace_id in self._owners():
            self.world.send(namespace_id, creation(self.wanted[namespace_id]))

    @rule(namespace_id=_some_namespace)
    def delete(self, namespace_id: str) -> None:
        if refusal(self.world, namespace_id, DeleteNamespace()) is None:
            self.deleted.add(namespace_id)

    @rule(name=_some_name, namespace_id=_some_namespace)
    def point(self, name: str, namespace_id: str) -> None:
        place = place_of_name(ORG, name)
        before = self.world.state(place)
        refused = refusal(self.world, place, PointAlias(name=name, namespace_id=namespace_id))
        assert refused == ("namespace_name_taken" if isinstance(before, Owned) else None)
        if refused is None:
            assert self.world.state(place) == Alias(name=name, namespace_id=namespace_id)

    @rule(name=_some_name)
    def release(self, name: str) -> None:
        place = place_of_name(ORG, name)
        before = self.world.state(place)
        refused = refusal(self.world, place, ReleaseAlias())
        assert (refused is None) == isinstance(before, Alias)

    @rule(namespace_id=_some_namespace, resource_id=_some_id, others=some.sets(_some_id))
    def put(self, namespace_id: str, resource_id: str, others: set[str]) -> None:
        definition = _definition(IDS[resource_id], others)
        command = PutResource(resource=Resource(resource_id, IDS[resource_id], definition))
        before = self.world.state(namespace_id)
        refused = refusal(self.world, namespace_id, command)
        assert refused in {
            None,
            "namespace_not_found",
            "dangling_reference",
            "definition_cycle",
        }
        if refused is not None:
            assert self.world.state(namespace_id) == before

    @rule(namespace_id=_some_namespace, resource_id=_some_id)
    def remove(self, namespace_id: str, resource_id: str) -> None:
        command = RemoveResource(kind=IDS[resource_id], resource_id=resource_id)
        self.world.send(namespace_id, command)

    @rule(seconds=some.sampled_from((1, 3, 40)))
    def wait(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        for aggregate_id in self.world.aggregate_ids():
            self.world.fire_timers(aggregate_id)

    @invariant()
    def no_name_is_that_of_two_namespaces(self) -> None:
        live = [self.world.state(each) for each in NAMESPACES]
        names = [each.name for each in live if isinstance(each, Live)]
        assert len(set(names)) == len(names)
        for namespace_id in NAMESPACES:
            state = self.world.state(namespace_id)
            if isinstance(state, Live):
                assert self._owners()[namespace_id] == state.name

    @invariant()
    def what_was_deleted_never_comes_back(self) -> None:
        for namespace_id in self.deleted:
            assert isinstance(self.world.state(namespace_id), Deleted)

    @invariant()
    def every_definition_has_what_it_needs_and_could_be_made_in_some_order(self) -> None:
        for namespace_id in NAMESPACES:
            state = self.world.state(namespace_id)
            if not isinstance(state, Live):
                continue
            assert all(
                need in state.resources for e in state.resources.values() for need in e.needs
            )
            shapes = [
                Resource(name, each.kind, _definition(each.kind, set(each.needs)))
                for name, each in state.resources.items()
            ]
            known = {each.resource_id: each.kind for each in shapes}
            for each in shapes:
                needs = {x.target_id for x in references(each, known) if x.edge == "definition"}
                assert needs == set(state.resources[each.resource_id].needs)
            assert len(graph_of(shapes).execution_order) == len(state.resources)

    def _owners(self) -> dict[str, str]:
        states = {name: self.world.state(place_of_name(ORG, name)) for name in NAMES}
        assert all(isinstance(each, Free | Owned | Alias) for each in states.values())
        return {each.namespace_id: name for name, each in states.items() if isinstance(each, Owned)}

    def teardown(self) -> None:
        for _ in range(3):
            self.wait(40)
        # Whatever was interrupted is done: what is claimed is there, what is gone is free.
        for namespace_id in self._owners():
            assert isinstance(self.world.state(namespace_id), Live)


def _definition(kind: ResourceKind, others: set[str]) -> dict[str, Any]:
    """Need those of the others that this kind can need."""
    of = {each: [x for x in sorted(others) if IDS[x] == each] for each in set(IDS.values())}
    match kind:
        case "bucket":
            return {}
        case "collection":
            source: dict[str, Any] = {
                "bucket_ids": of["bucket"],
                "collection_ids": of["collection"],
            }
            for one in ("taxonomy", "cluster"):
                if of[one]:
                    source[f"{one}_id"] = of[one][0]
            return {"source": source}
        case "retriever":
            return {"collection_ids": of["collection"]}
        case "taxonomy":
            retriever = {"retriever_id": of["retriever"][0]} if of["retriever"] else {}
            return {
                **retriever,
                "inference_collections": of["collection"],
                "cluster_ids": of["cluster"],
            }
        case "cluster":
            return {"collection_ids": of["collection"]}


TestNamespaces = Namespaces.TestCase
TestNamespaces.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
