import io
import json
import logging

import structlog

from sterna_core.logs import clean_text, configure_logs, redact
from sterna_core.secrets.secret import Secret

_CANARY = "canary-7c1d"


def test_no_secret_gets_into_a_line_whatever_it_is_called_or_looks_like():
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    try:
        log = structlog.get_logger()
        log.info("a", password=_CANARY, headers={"Authorization": _CANARY}, api_key=_CANARY)
        log.info("b", where=f"postgresql://u:{_CANARY}@db/x", told=f"sk_{'a' * 20}{_CANARY}")
        log.info("c", nested=[{"secret": _CANARY}], value=Secret(_CANARY))
        log.info("d", message=f"password={_CANARY} host=x", keyring=_CANARY)
        try:
            int(f"postgresql://u:{_CANARY}@db/x")
        except ValueError:
            log.exception("e")
        logging.getLogger("aiokafka").error("f postgresql://u:%s@db/x", _CANARY)
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 6
    assert _CANARY not in stream.getvalue()
    assert [json.loads(line)["event"][0] for line in lines] == list("abcdef")


def test_control_characters_cannot_make_another_line():
    assert "\x1b" not in clean_text("a\x1b[31mred")
    assert "\u2028" not in clean_text("a\u2028b")
    assert redact(None, "info", {"event": "x", "name": "a\rb"})["name"] == "a\\x0db"
