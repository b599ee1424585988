"""Which extractors there are, by the entry points of the packages that are installed."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.errors import Misconfigured, NotFound
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.resources import ExtractorResources

GROUP = "sterna.extractors"
OPEN_EXTRACTORS_MAX = 16
"""With more parameters than this in use, the one not used for longest is forgotten."""

_NAME = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)@(?P<version>[A-Za-z0-9_.-]+)")
_PARTS = re.compile(r"\d+|\D+")

MakeExtractor = Callable[[Mapping[str, Any], ExtractorResources], Extractor]
"""Makes an extractor with a user's parameters; may read files, and so runs in a thread."""


class ExtractorName(Struct, frozen=True, order=True):
    """An extractor and its version, written `name@version`."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


Makers = Mapping[ExtractorName, Callable[[], MakeExtractor]]
"""What makes each extractor, imported when it is called for."""


class ExtractorNotFound(NotFound):
    """No installed package has such an extractor."""

    code = "extractor_not_found"


class ExtractorRegistry:
    """Finds extractors by name, and makes each once for the same parameters."""

    def __init__(
        self,
        makers: Makers,
        resources: ExtractorResources,
    ) -> None:
        self._makers = dict(makers)
        self._resources = resources
        self._open: dict[tuple[ExtractorName, bytes], Extractor] = {}
        self._making = asyncio.Lock()

    @property
    def names(self) -> tuple[ExtractorName, ...]:
        """Give every extractor that there is, in order."""
        return tuple(sorted(self._makers))

    def find(self, name: str, version: str | None = None) -> ExtractorName:
        """Give an extractor's full name; without a version the newest. Raises ExtractorNotFound."""
        versions = [each for each in self._makers if each.name == name]
        if version is not None:
            versions = [each for each in versions if each.version == version]
        if not versions:
            wanted = name if version is None else f"{name}@{version}"
            raise ExtractorNotFound(
                f"There is no extractor {wanted}; there are {', '.join(map(str, self.names))}.",
                details={"extractor": wanted},
            )
        return max(versions, key=lambda each: _age(each.version))

    async def open(
        self,
        name: str,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Extractor:
        """Give an extractor, made now or before.

        Raises ExtractorNotFound, WrongParameters and Misconfigured.
        """
        found = self.find(name, version)
        given = dict(parameters or {})
        key = (found, msgspec.json.encode(given, order="deterministic"))
        async with self._making:
            extractor = self._open.pop(key, None)
            if extractor is None:
                extractor = await asyncio.to_thread(self._make, found, given)
            self._open[key] = extractor
            while len(self._open) > OPEN_EXTRACTORS_MAX:
                del self._open[next(iter(self._open))]
        return extractor

    def close(self) -> None:
        """Forget every extractor and end the threads."""
        self._open.clear()
        self._resources.pool.close()

    def _make(self, name: ExtractorName, parameters: Mapping[str, Any]) -> Extractor:
        return self._makers[name]()(parameters, self._resources)


def installed_makers(
    found: Iterable[EntryPoint] | None = None,
) -> dict[ExtractorName, Callable[[], MakeExtractor]]:
    """Read the entry points of the group `sterna.extractors`; nothing is imported by it.

    Raises Misconfigured where one is not named `name@version`, or two have the same name.
    """
    makers: dict[ExtractorName, Callable[[], MakeExtractor]] = {}
    for point in entry_points(group=GROUP) if found is None else found:
        named = _NAME.fullmatch(point.name)
        if named is None:
            raise Misconfigured(f"The extractor {point.name} is not named `name@version`.")
        name = ExtractorName(named["name"], named["version"])
        if name in makers:
            raise Misconfigured(f"Two packages have an extractor {name}; remove one.")
        makers[name] = partial(_imported, point)
    return makers


def _imported(point: EntryPoint) -> MakeExtractor:
    try:
        make: MakeExtractor = point.load()
    except ImportError as error:
        missing = error.name or "a package"
        raise Misconfigured(
            f"The extractor {point.name} needs {missing}, which is not installed:"
            " install Sterna with the extra `namespaces`.",
            code="extractor_not_installed",
            details={"missing": missing},
        ) from None
    return make


def _age(version: str) -> list[tuple[int, int, str]]:
    """Order versions so that `v10` is newer than `v9`."""
    return [
        (1, int(part), "") if part.isdigit() else (0, 0, part) for part in _PARTS.findall(version)
    ]
