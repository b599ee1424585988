import ast
from pathlib import Path

import sterna_core

ROOT = Path(sterna_core.__file__).parent


def test_only_the_folder_of_qdrant_needs_its_client():
    needing = {
        path.relative_to(ROOT).parent.as_posix()
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] == "qdrant_client"
    }
    assert needing == {"namespace_store/qdrant"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
