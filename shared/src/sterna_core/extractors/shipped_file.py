"""Files that other packages ship; their code is not imported, for it may go online."""

from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from sterna_core.errors import Misconfigured


class FileAltered(Misconfigured):
    """A shipped file is not the one that vectors were made with before."""

    code = "extractor_file_altered"


def shipped_file(package: str, path: str, *, sha256: str) -> Path:
    """Give the place of a file in an installed package, once its digest is the known one.

    Raises Misconfigured where the package is not installed, and FileAltered.
    """
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / path
        if file.is_file():
            with file.open("rb") as opened:
                digest = file_digest(opened, "sha256").hexdigest()
            if digest != sha256:
                raise FileAltered(
                    f"{path} of the package {package} is not the file that this version knows:"
                    " install the version that requirements.lock names."
                )
            return file
    raise Misconfigured(
        f"The package {package} is not installed: install Sterna with the extra `namespaces`.",
        code="extractor_not_installed",
        details={"missing": package},
    )
