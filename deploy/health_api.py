# ruff: file-ignore[implicit-namespace-package]  # a script that is copied as it is, not a package
"""The API's health check: it answers that it is ready. Exit code 0 or 1."""

import os
import sys
import urllib.error
import urllib.request

_SECONDS = 4.0


def main() -> int:
    """Ask the API in this container."""
    port = os.environ.get("STERNA_HTTP_PORT", "8080")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=_SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, TimeoutError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
