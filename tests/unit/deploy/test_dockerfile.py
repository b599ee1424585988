import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_TEXT = (_ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
_INSTRUCTIONS = [
    line.strip() for line in _TEXT.splitlines() if line.strip() and not line.startswith("#")
]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _stages() -> dict[str, list[str]]:
    stages: dict[str, list[str]] = {}
    name = ""
    for line in _INSTRUCTIONS:
        if line.startswith("FROM "):
            name = line.split(" AS ")[1]
            stages[name] = []
        stages[name].append(line)
    return stages


def _copied() -> list[str]:
    return [
        path
        for line in _INSTRUCTIONS
        if line.startswith("COPY ") and "--from=" not in line
        for path in line.split()[1:-1]
    ]


def test_everything_that_is_copied_exists_and_is_sent_to_the_engine():
    sent = [
        line.removeprefix("!").rstrip("/")
        for line in (_ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    assert _copied()
    for path in _copied():
        assert (_ROOT / path).exists(), path
        assert any(fnmatch(path, each) for each in sent), path


@pytest.mark.parametrize("service", ["api", "executor"])
def test_each_service_has_an_image_with_its_own_dependencies_and_its_console_script(service: str):
    stages = _stages()
    assert f"--extra {service}" in " ".join(stages[f"build-{service}"])
    assert service in _PROJECT["optional-dependencies"]
    entry = re.search(r'ENTRYPOINT \["(.+)"\]', " ".join(stages[service]))
    assert entry is not None
    assert entry[1] in _PROJECT["scripts"]
    assert any(line.startswith("HEALTHCHECK") for line in stages[service])


def test_containers_do_not_run_as_root_and_stop_when_they_are_asked():
    runtime = _stages()["runtime"]
    user = next(line for line in runtime if line.startswith("USER "))
    assert int(user.removeprefix("USER ").split(":")[0]) > 0
    assert "STOPSIGNAL SIGTERM" in runtime
    assert not any(
        line.startswith("USER ") for name in ("api", "executor") for line in _stages()[name]
    )


def test_nothing_is_installed_that_is_not_pinned_by_hash():
    for line in _INSTRUCTIONS:
        for command in line.split(r"&&"):
            if re.search(r"\b(pip install|uv build)\b", command):
                assert "--require-hashes" in command or "--no-deps /wheels/" in command, command


def test_the_installer_is_in_the_lock():
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^uv==", lock, re.MULTILINE)
    assert re.search(r"^hatchling==", lock, re.MULTILINE)
