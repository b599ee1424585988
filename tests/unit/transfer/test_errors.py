import asyncpg
import pytest

from sterna_core.errors import (
    DataRejected,
    MissingRight,
    SnapshotLost,
    SternaError,
    TargetConflict,
    Terminal,
    Transient,
    Unreachable,
)
from sterna_executor.databases.postgresql.errors import Role, translate, translated

SECRET = "s3cret"


def raised(state: str, **fields: str) -> asyncpg.PostgresError:
    message = {"C": state, "M": f"says {SECRET}", "D": f"Failing row contains ({SECRET})."}
    return asyncpg.PostgresError.new({**message, **fields})


@pytest.mark.parametrize(
    ("state", "role", "kind", "code"),
    [
        ("08006", "source", Unreachable, "source_unreachable"),
        ("57P01", "target", Unreachable, "target_unreachable"),
        ("28P01", "target", Terminal, "target_unreachable"),
        ("3D000", "source", Terminal, "source_unreachable"),
        ("40001", "target", Transient, "contention"),
        ("40P01", "target", Transient, "contention"),
        ("55P03", "source", Transient, "contention"),
        ("53100", "target", Terminal, "target_out_of_disk"),
        ("53300", "source", Transient, "too_many_connections"),
        ("53200", "target", Transient, "target_failing"),
        ("57014", "target", Transient, "statement_stopped"),
        ("42501", "source", MissingRight, "missing_right"),
        ("25006", "target", MissingRight, "target_read_only"),
        ("42P07", "target", TargetConflict, "target_conflict"),
        ("42P01", "target", Terminal, "structure_changed"),
        ("22021", "target", DataRejected, "data_rejected"),
        ("22P05", "target", DataRejected, "data_rejected"),
        ("23514", "target", DataRejected, "data_rejected"),
        ("72000", "source", SnapshotLost, "snapshot_lost"),
        ("42601", "source", Terminal, "source_refused"),
        ("XX000", "source", Transient, "source_failing"),
    ],
)
def test_what_a_server_says_becomes_an_error_that_says_whether_to_try_again(
    state: str, role: Role, kind: type[SternaError], code: str
) -> None:
    error = translate(raised(state), role)
    assert type(error) is kind
    assert error.code == code
    assert SECRET not in f"{error} {error.details}"


def test_names_come_from_fields_of_their_own() -> None:
    error = translate(raised("23514", s="public", t="people", n="people_check"), "target")
    assert error.details == {
        "schema": "public",
        "table": "people",
        "constraint": "people_check",
        "sqlstate": "23514",
        "side": "target",
    }
    assert "table people" in error.message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionResetError(f"by {SECRET}"), "connection_lost"),
        (asyncpg.InterfaceError(f"closed {SECRET}"), "connection_lost"),
        (asyncpg.InternalClientError(SECRET), "connection_lost"),
    ],
)
def test_what_a_socket_says_means_that_the_side_is_not_there(error: Exception, reason: str) -> None:
    with pytest.raises(Unreachable) as found, translated("source"):
        raise error
    assert found.value.details == {"reason": reason}
    assert SECRET not in str(found.value)
    assert found.value.__cause__ is None
    assert found.value.__suppress_context__


def test_an_error_of_ours_passes_as_it_is() -> None:
    with pytest.raises(MissingRight), translated("target"):
        raise MissingRight("as it is")
