"""Settings come from the environment: `STERNA_` and the field's name in capitals.

Every setting can also be read from a file named by the same variable with `_FILE` at its end,
which is how secrets reach a container.
"""

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

PREFIX = "STERNA_"
_FILE = "_FILE"
_MAX_FILE_BYTES = 64 * 1024

T = TypeVar("T", bound=msgspec.Struct)


def variable(field: str) -> str:
    """Name the environment variable of a settings field."""
    return PREFIX + field.upper()


def read_settings(settings: type[T], environ: Mapping[str, str]) -> T:
    """Make the settings that `environ` describes; a field without a variable keeps its default.

    Texts become what the field's type says: numbers, `true`/`false`, lists separated by commas,
    `Secret`. Raises Misconfigured, which names the variable and never repeats its value.
    """
    hints = typing.get_type_hints(settings, include_extras=True)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(settings):
        name = variable(field.name)
        text = _text(environ, name)
        if text is None:
            if field.required:
                raise Misconfigured(f"set {name}")
            continue
        values[field.name] = _convert(name, text, hints[field.name])
    return settings(**values)


def _text(environ: Mapping[str, str], name: str) -> str | None:
    """Give a variable's text, from a file where only `<name>_FILE` is set; empty is not set."""
    direct, path = environ.get(name) or None, environ.get(name + _FILE) or None
    if direct is not None and path is not None:
        raise Misconfigured(f"set {name} or {name}{_FILE}, not both")
    if path is None:
        return direct
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_MAX_FILE_BYTES).strip() or None
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"the file that {name}{_FILE} names cannot be read") from None


def _convert(name: str, text: str, hint: Any) -> Any:
    """Turn a variable's text into the type of its field."""
    plain, item = _plain(hint)
    raw: Any = text
    if plain is Secret:
        return Secret(text)
    if plain is tuple:
        raw = [part.strip() for part in text.split(",") if part.strip()]
        if item is Secret:
            return tuple(Secret(part) for part in raw)
    try:
        return msgspec.convert(raw, hint, strict=False)
    except msgspec.ValidationError:
        raise Misconfigured(f"{name} has a value that it cannot take") from None


def _plain(hint: Any) -> tuple[Any, Any]:
    """Give the type without annotation or None, and the type of a tuple's items."""
    while get_origin(hint) is typing.Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in {typing.Union, types.UnionType}:
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return tuple, get_args(hint)[0]
    return hint, None
