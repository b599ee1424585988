"""Writes the lock of Kafka's jars anew: `python -m sterna_cli.embedded.jars_lock`."""

import hashlib
import sys
import tempfile
from pathlib import Path

ROOTS = (
    "org.apache.kafka:kafka_2.13:4.4.0",
    "org.slf4j:slf4j-simple:1.7.36",  # Kafka's log goes to its standard error, and so to a file
)


def lock_text(roots: tuple[str, ...] = ROOTS) -> str:
    """Resolve the roots with all that they need, and give the text of the lock."""
    from jgo.maven import MavenContext  # ruff: ignore[import-outside-top-level]  # slow to import

    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        dependencies = [context.create_dependency(root) for root in roots]
        inputs, transitive = context.resolver.resolve(dependencies)
        lines = set()
        for each in [*inputs, *transitive]:
            digest = hashlib.sha256(Path(each.artifact.resolve()).read_bytes()).hexdigest()
            lines.add(f"{each.groupId}:{each.artifactId}:{each.version} {digest}\n")
    return "".join(sorted(lines))


if __name__ == "__main__":
    sys.stdout.write(lock_text())
