import pytest

from sterna_cli.exit_code import ExitCode
from sterna_core.errors import InvalidRequest, Misconfigured, NotFound, Rejected, SternaError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("x"), ExitCode.USAGE),
        (Misconfigured("x"), ExitCode.USAGE),
        (NotFound("x"), ExitCode.NOT_FOUND),
        (SternaError("x", code="migration_not_found"), ExitCode.NOT_FOUND),
        (Rejected("invalid_state", "x"), ExitCode.CONFLICT),
        (Rejected("plan_not_ready", "x"), ExitCode.CONFLICT),
        (Rejected("approval_required", "x"), ExitCode.CONFLICT),
        (SternaError("x", code="source_unreachable"), ExitCode.FAILED),
        (SternaError("x", code="something_new"), ExitCode.FAILED),
    ],
)
def test_every_error_code_has_its_promised_exit_code(error: SternaError, code: ExitCode):
    assert ExitCode.of(error) is code


def test_the_numbers_of_the_exit_codes_do_not_move():
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 130]
