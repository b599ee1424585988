import re
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from sterna_api.settings import ApiSettings
from sterna_core.errors import Misconfigured
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.secrets.secret import Secret
from sterna_core.settings import read_settings, variable
from sterna_executor.settings import ExecutorSettings

_DOCS = Path(__file__).parents[3] / "docs" / "settings.md"
_NEEDED = {
    "STERNA_KAFKA_BOOTSTRAP": "localhost:9092",
    "STERNA_DATABASE_URL": "postgresql://u:canary-in-url@db/x",
    "STERNA_KEYRING": "k1:abc",
    "STERNA_KEY_PEPPER": "a pepper of some length",
}


def test_settings_come_from_the_environment_with_defaults():
    settings = read_settings(ApiSettings, _NEEDED | {"STERNA_ROLES": "http, projector"})
    assert settings.roles == ("http", "projector")
    assert settings.http_port == 8080
    assert settings.database_url.reveal() == _NEEDED["STERNA_DATABASE_URL"]
    assert "canary" not in repr(settings)


def test_numbers_words_and_lists_are_read():
    settings = read_settings(
        ApiSettings,
        _NEEDED
        | {
            "STERNA_HTTP_PORT": "0",
            "STERNA_COMMAND_SECONDS": "2.5",
            "STERNA_WEBHOOK_ALLOW_HTTP": "true",
            "STERNA_WEBHOOK_DELAYS_SECONDS": "0,1,2.5",
            "STERNA_WEBHOOK_ALLOWED_NETWORKS": "",
        },
    )
    assert settings.http_port == 0
    assert settings.command_seconds == pytest.approx(2.5)
    assert settings.webhook_allow_http is True
    assert settings.webhook_delays_seconds == (0.0, 1.0, 2.5)
    assert settings.webhook_allowed_networks == ()


def test_a_secret_can_come_from_a_file(tmp_path: Path):
    file = tmp_path / "pepper"
    file.write_text("from a file, of some length\n")
    needed = {name: text for name, text in _NEEDED.items() if name != "STERNA_KEY_PEPPER"}
    settings = read_settings(ApiSettings, needed | {"STERNA_KEY_PEPPER_FILE": str(file)})
    assert settings.key_pepper == Secret("from a file, of some length")
    with pytest.raises(Misconfigured, match="not both"):
        read_settings(ApiSettings, _NEEDED | {"STERNA_KEY_PEPPER_FILE": str(file)})
    with pytest.raises(Misconfigured, match="STERNA_KEY_PEPPER_FILE"):
        read_settings(ApiSettings, needed | {"STERNA_KEY_PEPPER_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("STERNA_HTTP_PORT", "eighty"),
        ("STERNA_HTTP_PORT", "70000"),
        ("STERNA_ROLES", "http,king"),
        ("STERNA_LOG_LEVEL", "loud"),
        ("STERNA_DATABASE_SCHEMA", 'x"; drop'),
    ],
)
def test_a_wrong_value_is_refused_by_the_variables_name_only(name: str, text: str):
    with pytest.raises(Misconfigured, match=name) as refused:
        read_settings(ApiSettings, _NEEDED | {name: text})
    assert text not in refused.value.message


@pytest.mark.parametrize("name", _NEEDED)
def test_what_is_missing_is_named(name: str):
    with pytest.raises(Misconfigured, match=name):
        read_settings(ApiSettings, {key: text for key, text in _NEEDED.items() if key != name})


@pytest.mark.parametrize("settings", [ApiSettings, ExecutorSettings, ExtractorSettings])
def test_every_setting_is_documented_with_its_default(settings: type[Struct]):
    documented = dict(
        re.findall(r"^\| `(STERNA_[A-Z0-9_]+)` \| ([^|]*) \|", _DOCS.read_text(), re.MULTILINE)
    )
    for field in msgspec.structs.fields(settings):
        name = variable(field.name)
        assert name in documented, f"{name} is not in docs/settings.md"
        if field.required:
            assert documented[name].strip() == "required"


def test_no_setting_is_documented_that_does_not_exist():
    known = {
        variable(field.name)
        for settings in (ApiSettings, ExecutorSettings, ExtractorSettings)
        for field in msgspec.structs.fields(settings)
    }
    sections = _DOCS.read_text().partition("## The command line")[0]
    assert set(re.findall(r"^\| `(STERNA_[A-Z0-9_]+)` ", sections, re.MULTILINE)) <= known
