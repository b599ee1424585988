import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.deploy.plain_yaml import read_yaml
from tests.unit.deploy.settings_named import variables_of

_DEPLOY = Path(__file__).parents[3] / "deploy"
_COMPOSE: dict[str, Any] = read_yaml((_DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
_SERVICES: dict[str, dict[str, Any]] = _COMPOSE["services"]
_OURS = {"api": "sterna_api.settings", "executor": "sterna_executor.settings"}
_SECRET_NAMES = re.compile(r"PASSWORD|KEYRING|PEPPER|KEY|DATABASE_URL")


def test_there_are_kafka_postgresql_an_api_and_two_executors():
    assert set(_SERVICES) == {"kafka", "postgresql", "api", "executor"}
    assert _SERVICES["executor"]["deploy"]["replicas"] == 2
    assert _SERVICES["kafka"]["image"] == "apache/kafka:4.4.0"
    assert _SERVICES["postgresql"]["image"] == "pgvector/pgvector:pg18"


@pytest.mark.parametrize("service", _OURS)
def test_every_variable_that_is_set_is_one_that_the_service_reads(service: str):
    known = variables_of(importlib.import_module(_OURS[service]))
    assert set(_SERVICES[service]["environment"]) <= known


@pytest.mark.parametrize("service", _OURS)
def test_secrets_come_from_files_and_from_nowhere_else(service: str):
    environment = _SERVICES[service]["environment"]
    given = _SERVICES[service]["secrets"]
    assert set(given) <= set(_COMPOSE["secrets"])
    for name, value in environment.items():
        if _SECRET_NAMES.search(name):
            assert name.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in given


@pytest.mark.parametrize("service", _OURS)
def test_our_containers_run_with_nothing_that_they_do_not_need(service: str):
    container = _SERVICES[service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in container


def test_a_service_starts_when_what_it_needs_is_healthy():
    for container in _SERVICES.values():
        for needed, how in container.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in _SERVICES[needed] or needed in _OURS


def test_executors_never_see_the_projections_database():
    executor, api = _SERVICES["executor"], _SERVICES["api"]
    theirs = {name for name in executor["environment"] if "DATABASE" in name}
    assert theirs == {"STERNA_NAMESPACE_DATABASE_URL_FILE"}
    assert "database_url" not in executor["secrets"]
    assert {api["environment"][name] for name in theirs}.isdisjoint(
        {api["environment"]["STERNA_DATABASE_URL_FILE"]}
    )


def test_the_api_is_reached_from_this_machine_only():
    assert all(port.startswith("127.0.0.1:") for port in _SERVICES["api"]["ports"])


def test_every_volume_and_secret_that_is_used_is_declared():
    for container in _SERVICES.values():
        for volume in container.get("volumes", []):
            what = volume.split(":")[0]
            assert what in _COMPOSE["volumes"] or (_DEPLOY / what).is_file()
        assert set(container.get("secrets", [])) <= set(_COMPOSE["secrets"])
