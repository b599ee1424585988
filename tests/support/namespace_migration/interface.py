"""The interface that migrations of namespaces have to have, and how ours is held against it."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema

from sterna_api.openapi.document import document
from sterna_api.openapi.table import OPERATIONS

_FILE = Path(__file__).parents[2] / "contract" / "namespace_migrations" / "interface.json"
_LIMITS = ("minimum", "maximum", "enum", "format")
_OURS = frozenset({"ErrorResponse", "HTTPValidationError"})
"""Errors have the shape of all errors here: answers are held against them one by one."""
_TOLD = re.compile(r"/v1/namespaces/migrations/(?P<id>nmig_\w+)")


class Interface:
    """Operations and models as they have to be."""

    def __init__(self) -> None:
        self._wanted = json.loads(_FILE.read_text())

    @cached_property
    def _document(self) -> dict[str, Any]:
        return document(OPERATIONS)

    def check_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Fail where an answer is not what the operation's model says, or has no model."""
        name = f"{method} {_TOLD.sub('/v1/namespaces/migrations/{migration_id}', path)}"
        answers = self._wanted["operations"][name]["answers"]
        assert str(status) in answers, f"{name} has no answer {status}: {body}"
        model = answers[str(status)]
        if model is None:
            assert body is None
            return
        schema = {"$ref": f"#/$defs/{model}", "$defs": self._wanted["$defs"]}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(schema, format_checker=checker).validate(body)

    def differences(self) -> list[str]:
        """Name what our description has otherwise."""
        found: list[str] = []
        for name, wanted in self._wanted["operations"].items():
            method, _, path = name.partition(" ")
            ours = self._document["paths"].get(path.replace("{", "{namespace_"), {})
            operation = ours.get(method.lower())
            if operation is None:
                found.append(f"{name} is not there")
                continue
            found += self._of_operation(name, wanted, operation)
        return found

    def _of_operation(
        self, name: str, wanted: dict[str, Any], ours: dict[str, Any]
    ) -> Iterator[str]:
        if wanted["request"] is not None:
            body = ours["requestBody"]
            if body["required"] and not wanted["required"]:
                yield f"{name}: requires a body"
            schema = body["content"]["application/json"]["schema"]
            yield from self._of_model(f"{name} takes", wanted["request"], schema, frozenset())
        for status, model in wanted["answers"].items():
            if status not in ours["responses"]:
                yield f"{name}: {status} is not described"
            elif model is not None and model not in _OURS:
                schema = ours["responses"][status]["content"]["application/json"]["schema"]
                yield from self._of_model(f"{name} gives {status}", model, schema, frozenset())

    def _of_model(self, where: str, model: str, ours: Any, seen: frozenset[str]) -> Iterator[str]:
        yield from self._of_schema(where, {"$ref": f"#/$defs/{model}"}, ours, seen)

    def _of_schema(self, where: str, wanted: Any, ours: Any, seen: frozenset[str]) -> Iterator[str]:
        reference = wanted.get("$ref")
        if reference is not None:
            if reference in seen:
                return
            seen = frozenset({*seen, reference})
            wanted = self._wanted["$defs"][reference.rpartition("/")[2]]
        ours = self._resolved(ours)
        if "anyOf" in wanted and {"type": "null"} in wanted["anyOf"]:
            choices = ours.get("anyOf", [])
            if {"type": "null"} not in choices:
                yield f"{where}: may be null"
                return
            (wanted,) = (each for each in wanted["anyOf"] if each != {"type": "null"})
            (ours,) = (each for each in choices if each != {"type": "null"})
            yield from self._of_schema(where, wanted, ours, seen)
            return
        if "anyOf" in wanted:
            types = {each["type"] for each in wanted["anyOf"]}
            if {each["type"] for each in ours.get("anyOf", [])} != types:
                yield f"{where}: one of {sorted(types)}"
            return
        if ours.get("type") != wanted["type"]:
            yield f"{where}: is {wanted['type']}, not {ours.get('type')}"
        for limit in _LIMITS:
            mine, its = ours.get(limit), wanted.get(limit)
            same = sorted(mine or ()) == sorted(its or ()) if limit == "enum" else mine == its
            if not same and (its is not None or limit == "enum"):
                yield f"{where}: {limit} is {its}, not {mine}"
        if wanted["type"] == "array":
            yield from self._of_schema(f"{where}[]", wanted["items"], ours["items"], seen)
        for field, each in wanted.get("properties", {}).items():
            told = ours.get("properties", {}).get(field)
            if told is None:
                yield f"{where}.{field}: is not there"
                continue
            if "default" in each and told.get("default") != each["default"]:
                yield f"{where}.{field}: {each['default']} by default, not {told.get('default')}"
            yield from self._of_schema(f"{where}.{field}", each, told, seen)
        if set(ours.get("required", ())) != set(wanted.get("required", ())):
            yield f"{where}: requires {wanted.get('required')}, not {ours.get('required')}"

    def _resolved(self, ours: Any) -> Any:
        reference = ours.get("$ref")
        if reference is None:
            return ours
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found
