"""Fields that a label brings along from the document it was found at."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct

from sterna_core.namespace.json_path import Path
from sterna_core.taxonomy.refusal import refused

ENRICHED: Final = "_taxonomy_"
"""How the names of all fields begin that taxonomies write into documents."""
_APPEND: Final = "append"
_REPLACE: Final = "replace"


def is_label_of(name: str, value: Any, taxonomy_ids: Collection[str]) -> bool:
    """Tell whether a field of a document says that one of some taxonomies wrote it."""
    return (
        name.startswith(ENRICHED)
        and isinstance(value, Mapping)
        and value.get("taxonomy_id") in taxonomy_ids
    )


class EnrichmentField(Struct, frozen=True, kw_only=True):
    """A value that is copied; where it `appends`, it joins a list of what was there before."""

    path: tuple[str, ...]
    target: str
    appends: bool


def fields_of(raw: Any, at: Path, merge_mode: str) -> tuple[EnrichmentField, ...]:
    """Read a list of fields; `merge_mode` is that of those that name none."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise refused(at, "Enrichment fields are a list.")
    fields = tuple(_field(each, (*at, place), merge_mode) for place, each in enumerate(raw))
    if len({each.target for each in fields}) < len(fields):
        raise refused(at, "Two enrichment fields go by the same name: give a target_field.")
    return fields


def merge_mode_of(raw: Any, at: Path, otherwise: str = _REPLACE) -> str:
    """Read how values meet those that are there."""
    mode = otherwise if raw is None else raw
    if mode not in {_REPLACE, _APPEND}:
        raise refused(at, "A merge_mode is replace or append.")
    return str(mode)


def _field(raw: Any, at: Path, merge_mode: str) -> EnrichmentField:
    if isinstance(raw, str):
        raw = {"field_path": raw}
    path = raw.get("field_path") if isinstance(raw, Mapping) else None
    if not isinstance(path, str) or not all(path.split(".")):
        raise refused(at, "An enrichment field has a field_path of names with dots.")
    steps = tuple(path.split("."))
    if steps[0].startswith(ENRICHED):
        raise refused(at, "What taxonomies write is not copied by taxonomies.")
    target = raw.get("target_field") or steps[-1]
    if not isinstance(target, str) or "." in target:
        raise refused((*at, "target_field"), "A target_field is one name, without dots.")
    mode = merge_mode_of(raw.get("merge_mode"), (*at, "merge_mode"), merge_mode)
    return EnrichmentField(path=steps, target=target, appends=mode == _APPEND)
