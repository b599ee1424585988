import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from sterna_core.errors import Misconfigured
from sterna_core.extractors.parameters import WrongParameters
from sterna_core.extractors.registry import (
    GROUP,
    ExtractorNotFound,
    ExtractorRegistry,
    installed_makers,
)
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import ThreadPool


def _points(*names: str) -> list[EntryPoint]:
    return [
        EntryPoint(name, "sterna_core.extractors.hashing:make_hashing", GROUP) for name in names
    ]


def _registry(*names: str) -> ExtractorRegistry:
    return ExtractorRegistry(installed_makers(_points(*names)), ExtractorResources(ThreadPool(1)))


def test_those_that_come_with_it_are_there(registry: ExtractorRegistry):
    assert {str(name) for name in registry.names} >= {
        "hashing@v1",
        "minilm@v1",
        "openai_compatible@v1",
        "wordllama@v1",
    }


def test_without_a_version_the_newest_is_found():
    registry = _registry("a@v9", "a@v10", "b@v11", "a@v2")
    assert str(registry.find("a")) == "a@v10"
    assert str(registry.find("a", "v2")) == "a@v2"


async def test_one_that_there_is_not_is_named():
    with pytest.raises(ExtractorNotFound, match=r"a@v3.*a@v2"):
        await _registry("a@v2").open("a", "v3")


async def test_the_same_parameters_give_the_same_extractor_and_others_another_space():
    registry = _registry("a@v1")
    short = await registry.open("a", "v1", {"dimension": 32})
    assert await registry.open("a", None, {"dimension": 32}) is short
    long = await registry.open("a", "v1", {"dimension": 64})
    assert short.description.space() != long.description.space()
    assert short.description.uri() == long.description.uri()
    registry.close()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("hashing", {"dimension": 15}),
        ("hashing", {"dimension": True}),
        ("hashing", {"colour": 1}),
        ("wordllama", {"dimension": 100}),
        ("minilm", {"dimension": 384}),
        ("openai_compatible", {}),
        ("openai_compatible", {"model": "nobody-knows"}),
        ("openai_compatible", {"model": "text-embedding-3-small", "dimension": 1537}),
        ("openai_compatible", {"model": "text-embedding-ada-002", "dimension": 512}),
        ("openai_compatible", {"model": "text-embedding-3-small", "key": "x"}),
    ],
)
async def test_a_wrong_parameter_is_refused(
    registry: ExtractorRegistry, name: str, parameters: dict[str, object]
):
    with pytest.raises(WrongParameters):
        await registry.open(name, "v1", parameters)


@pytest.mark.parametrize("names", [("a",), ("a@v1", "a@v1")])
def test_a_package_with_a_wrong_or_a_taken_name_is_refused(names: tuple[str, ...]):
    with pytest.raises(Misconfigured):
        installed_makers(_points(*names))


async def test_a_package_that_an_extractor_lacks_is_named():
    missing = EntryPoint("a@v1", "package_that_is_not_there:make", GROUP)
    registry = ExtractorRegistry(installed_makers([missing]), ExtractorResources(ThreadPool(1)))
    with pytest.raises(Misconfigured, match="package_that_is_not_there"):
        await registry.open("a")


async def test_without_a_service_its_extractor_says_what_to_set():
    point = EntryPoint(
        "a@v1",
        "sterna_core.extractors.openai_compatible.extractor:make_openai_compatible",
        GROUP,
    )
    registry = ExtractorRegistry(installed_makers([point]), ExtractorResources(ThreadPool(1)))
    with pytest.raises(Misconfigured, match="STERNA_EMBEDDING_URL"):
        await registry.open("a", "v1", {"model": "text-embedding-3-small"})


def test_finding_extractors_needs_and_imports_none_of_their_packages():
    program = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('numpy', 'sklearn', 'tokenizers', 'aiohttp'))\n"
        "from sterna_core.extractors.bootstrap import open_extractors\n"
        "from sterna_core.extractors.registry import installed_makers\n"
        "print(len(installed_makers()))\n"
    )
    done = subprocess.run(  # a process of its own, where nothing is imported yet
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 4
