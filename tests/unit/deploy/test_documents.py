import re
from pathlib import Path

import pytest
from tests.unit.deploy.plain_yaml import read_yaml

from sterna_cli.__main__ import build_app
from sterna_cli.exit_code import ExitCode

_ROOT = Path(__file__).parents[3]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_DOCUMENTS = [_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
_LINK = re.compile(r"\]\((?!https?:|#)(?P<path>[^)#]+)")
_COMMAND = re.compile(r"\.venv/bin/sterna (?P<words>[a-z]+(?: [a-z]+)?)")


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path):
    missing = [
        link["path"]
        for link in _LINK.finditer(document.read_text(encoding="utf-8"))
        if not (_ROOT / link["path"]).exists()
    ]
    assert missing == []


def test_every_command_in_the_readme_exists():
    app = build_app()
    found = [match["words"].split() for match in _COMMAND.finditer(_README)]
    assert len(found) >= 8
    for first, *rest in found:
        command = app[first]
        if first == "migrations":
            assert command[rest[0]] is not None


def test_every_make_target_in_the_readme_exists():
    makefile = (_ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)\b", _README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_readme_names_every_exit_code():
    section = _README.split("## Exit codes")[1].split("##")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [
        int(code) for code in ExitCode
    ]


def test_every_variable_of_the_compose_file_is_documented():
    settings = (_ROOT / "docs/settings.md").read_text(encoding="utf-8")
    services = read_yaml((_ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))["services"]
    for service in ("api", "executor"):
        for name in services[service]["environment"]:
            assert name.removesuffix("_FILE") in settings
