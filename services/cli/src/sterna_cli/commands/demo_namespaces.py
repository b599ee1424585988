from typing import Annotated, Literal

from cyclopts import Parameter

from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.namespaces import demonstrate
from sterna_cli.exit_code import ExitCode
from sterna_cli.runner import run


def demo_namespaces(
    *,
    extractor: Literal["wordllama", "minilm"] = "wordllama",
    keep: Annotated[bool, Parameter(negative=())] = False,
) -> ExitCode:
    """Extract a namespace of 6,000 definitions anew, kill an executor half-way, prove the result.

    Everything runs in a temporary folder that is removed at the end.

    Parameters
    ----------
    extractor
        What the new vectors are made by: minilm finds more than wordllama, and takes longer.
    keep
        Keep the folder: the data, and what each process logged.

    """
    terminal = Terminal()
    return run(terminal, lambda: demonstrate(terminal, extractor, keep=keep))
