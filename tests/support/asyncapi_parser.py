"""AsyncAPI's own parser, which says whether a description is one; it runs in an engine of its own."""

import hashlib
import json
import lzma
import time
from pathlib import Path
from typing import Any

from py_mini_racer import MiniRacer

PARSER = Path(__file__).parents[1] / "contract" / "asyncapi" / "parser-3.6.3.js.xz"
SHA256 = "65800252cec47440add4cfe72120173e3da09681edc06282669b854ada431f97"
PATIENCE_SECONDS = 300.0
_POLL_SECONDS = 0.1

# What the parser expects of a browser: nothing is fetched, and nothing waits for time to pass.
_BROWSER = """
var self = globalThis, window = globalThis, global = globalThis;
globalThis.location = {href: "http://localhost/", protocol: "http:", host: "localhost"};
globalThis.fetch = () => Promise.reject(new Error("nothing is fetched"));
globalThis.console = {log() {}, warn() {}, error() {}, info() {}, debug() {}};
globalThis.setTimeout = (run, _, ...rest) => { Promise.resolve().then(() => run(...rest)); return 0; };
globalThis.clearTimeout = () => {};
for (const name of ["Headers", "Request", "Response", "AbortController"])
  globalThis[name] = function () {};
0
"""
_VALIDATE = """
globalThis.found = null;
new (AsyncAPIParser.Parser || AsyncAPIParser.default || AsyncAPIParser)().validate(given).then(
  (problems) => { found = JSON.stringify(problems); },
  (error) => { found = JSON.stringify([{severity: 0, code: "parser", message: String(error)}]); },
);
0
"""


def problems_of(description: bytes) -> list[dict[str, Any]]:
    """Give what the parser says of a description; of severity 0 and 1 are errors and warnings."""
    script = lzma.decompress(PARSER.read_bytes())
    assert hashlib.sha256(script).hexdigest() == SHA256
    engine = MiniRacer()
    engine.eval(_BROWSER)
    engine.eval(script.decode() + "\n;0")
    engine.eval(f"globalThis.given = {json.dumps(description.decode())};0")
    engine.eval(_VALIDATE)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while engine.eval("found === null"):
        assert time.monotonic() < deadline, "the parser does not come to an end"
        time.sleep(_POLL_SECONDS)
    problems: list[dict[str, Any]] = json.loads(str(engine.eval("found")))
    return problems
