from typing import Annotated

from cyclopts import Parameter

from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.drive import demonstrate
from sterna_cli.exit_code import ExitCode
from sterna_cli.runner import run


def demo(*, keep: Annotated[bool, Parameter(negative=())] = False) -> ExitCode:
    """Migrate a shop of a million rows, kill an executor half-way, prove the result.

    Everything runs in a temporary folder that is removed at the end.

    Parameters
    ----------
    keep
        Keep the folder: the data, and what each process logged.

    """
    terminal = Terminal()
    return run(terminal, lambda: demonstrate(terminal, keep=keep))
