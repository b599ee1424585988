from msgspec import Struct

from sterna_core.artifacts.store import Artifact


class ArtifactBody(Struct, frozen=True, kw_only=True):
    """A file of a cluster; its address is what a definition names."""

    name: str
    address: str
    bytes: int
    sha256: str


class PutArtifactBody(Struct, frozen=True, kw_only=True):
    """A file that is kept now, and what parquet says of it."""

    name: str
    address: str
    bytes: int
    sha256: str
    rows: int
    columns: tuple[str, ...]


class ArtifactsBody(Struct, frozen=True, kw_only=True):
    """The files of a cluster by name."""

    data: list[ArtifactBody]


def show_artifact(artifact: Artifact) -> ArtifactBody:
    """Show a file that is kept."""
    return ArtifactBody(
        name=artifact.address.name,
        address=str(artifact.address),
        bytes=artifact.bytes,
        sha256=artifact.sha256,
    )
