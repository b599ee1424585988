import re

from msgspec import Struct

SCHEME = "sterna-artifact"
_CLUSTER = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,118}\.parquet"
_ADDRESS = re.compile(rf"{SCHEME}://([A-Za-z0-9_-]{{1,64}})/({_CLUSTER})/({_NAME})")
_name = re.compile(_NAME)


class ArtifactAddress(Struct, frozen=True, order=True):
    """Where a file of a cluster is kept; as a text it stands in the cluster's definition."""

    namespace_id: str
    cluster_id: str
    name: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.namespace_id}/{self.cluster_id}/{self.name}"


def parse_artifact_address(text: str) -> ArtifactAddress | None:
    """Read an address; None where the text is none."""
    found = _ADDRESS.fullmatch(text)
    return None if found is None else ArtifactAddress(*found.groups())


def is_artifact_name(text: str) -> bool:
    """Tell whether a file of a cluster may be called so: letters, digits, `_.-` and `.parquet`."""
    return _name.fullmatch(text) is not None
