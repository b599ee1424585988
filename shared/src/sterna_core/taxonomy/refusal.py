from sterna_core.errors import Rejected
from sterna_core.namespace.json_path import Path


def refused(path: Path, message: str) -> Rejected:
    """Say why documents cannot be labelled by a definition, and where it stands."""
    return Rejected("taxonomy_not_understood", message, {"path": list(path)})
