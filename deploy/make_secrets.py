# ruff: file-ignore[implicit-namespace-package]  # a script that is copied as it is, not a package
"""Makes the secrets that compose.yaml hands to the services; keeps those that are there.

Run with the Python of `.venv`, which `make setup` creates. Compose gives the files to containers
as they are, so the folder is private and the files can be read by the containers' user.
"""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from sterna_core.api_key.key import make_key
from sterna_core.certificate.signing import SigningKey
from sterna_core.secrets.keyring import Keyring

_FOLDER = Path(__file__).parent / "secrets"
_PASSWORD_BYTES = 24
_PEPPER_BYTES = 32
_FOLDER_MODE = 0o700
_FILE_MODE = 0o444


def kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Give a secret, made the first time."""
    path = folder / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make(), encoding="ascii")
        path.chmod(_FILE_MODE)
    return path.read_text(encoding="ascii")


def make_secrets(folder: Path) -> None:
    """Fill a folder with every secret."""
    folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    folder.chmod(_FOLDER_MODE)
    password = kept(folder, "postgres_password", lambda: secrets.token_urlsafe(_PASSWORD_BYTES))
    kept(folder, "database_url", lambda: f"postgresql://sterna:{password}@postgresql:5432/sterna")
    own = kept(folder, "namespace_password", lambda: secrets.token_urlsafe(_PASSWORD_BYTES))
    kept(
        folder,
        "namespace_database_url",
        lambda: f"postgresql://sterna_namespaces:{own}@postgresql:5432/sterna_namespaces",
    )
    kept(folder, "keyring", Keyring.generate)
    kept(folder, "key_pepper", lambda: secrets.token_hex(_PEPPER_BYTES))
    kept(folder, "bootstrap_key", lambda: make_key().reveal())
    kept(folder, "certificate_key", SigningKey.generate)


def main() -> int:
    """Make the secrets beside this file."""
    make_secrets(_FOLDER)
    sys.stdout.write(f"the secrets are in {_FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
