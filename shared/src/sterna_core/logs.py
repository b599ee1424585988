import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from sterna_core.repeated_lines import RepeatedLines

_MASK = "***"
_SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|authorization|api_?key|credential|dsn|pepper|keyring|database_url",
    re.IGNORECASE,
)
_SECRET_TEXTS = (
    (re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@"), r"\1:***@"),
    (re.compile(r"\b(sk|whsec)_[A-Za-z0-9_+/=]{12,}"), r"\1_***"),
    (re.compile(r"(?i)\b(password|passwd)(\s*[=:]\s*)('[^']*'|\S+)"), r"\1\2***"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

Level = str


def configure_logs(
    *, level: Level = "info", json: bool | None = None, stream: TextIO | None = None
) -> None:
    """Send every log line of this process to `stream` (stderr), one line each.

    `json` None means JSON unless the stream is a terminal. Secrets are masked last, also in
    the text of exceptions.
    """
    out = stream or sys.stderr
    as_json = json if json is not None else not out.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=0)
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, redact, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _adopt_stdlib(number, out, [*shared, redact], renderer)


def _adopt_stdlib(level: int, out: TextIO, shared: list[Processor], renderer: Processor) -> None:
    """Give the lines of libraries (aiokafka, aiohttp) the same form; theirs below WARNING go."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                renderer,
            ],
        )
    )
    handler.addFilter(RepeatedLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Mask what is named like a secret or looks like one; escape control characters."""
    for name, value in event.items():
        event[name] = _redacted(name, value)
    return event


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and value is not None and not isinstance(value, bool):
        return _MASK
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, MutableMapping):
        return {key: _redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", item) for item in value]
    return value


def clean_text(text: str) -> str:
    """Mask credentials in a text, and escape control characters except line feed and tab."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return character if character in "\n\t" else f"\\x{ord(character):02x}"


def _to_json(event: Any, default: Callable[[Any], Any] | None = None, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=default or str).decode()
