import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_DEPLOY = Path(__file__).parents[3] / "deploy"
_TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 020012AC:D431 030012AC:2384 01 00000000:00000000 00:00000000 00000000     0
   2: 020012AC:D433 030012AC:2385 06 00000000:00000000 00:00000000 00000000     0
"""


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, _DEPLOY / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_established_connections_count():
    assert _module("health_executor").ports_connected(_TABLE) == {9092}


def test_an_executor_without_a_connection_to_kafka_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
):
    monkeypatch.setenv("STERNA_KAFKA_BOOTSTRAP", f"kafka:{unused_tcp_port}")
    assert _module("health_executor").main() == 1


def test_every_address_of_kafka_is_known():
    assert _module("health_executor").kafka_ports("a:9092,[::1]:9093") == {9092, 9093}


def test_an_api_that_does_not_answer_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
):
    monkeypatch.setenv("STERNA_HTTP_PORT", str(unused_tcp_port))
    assert _module("health_api").main() == 1


def test_secrets_are_made_once_in_a_private_folder(tmp_path: Path):
    make = _module("make_secrets")
    folder = tmp_path / "secrets"
    make.make_secrets(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    make.make_secrets(folder)
    assert first == {path.name: path.read_text() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert first["postgres_password"] in first["database_url"]
    assert first["namespace_password"] in first["namespace_database_url"]
    assert set(first) == {
        "postgres_password",
        "database_url",
        "namespace_password",
        "namespace_database_url",
        "keyring",
        "key_pepper",
        "bootstrap_key",
        "certificate_key",
    }
