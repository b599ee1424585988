"""What to say where several tasks of a group failed together."""

from sterna_core.errors import SternaError, Unreachable


def foremost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Choose the error that says most: what a server refused before what became of a socket."""
    errors = list(_flat(group))
    for error in errors:
        if not isinstance(error, Unreachable):
            return error
    return next((error for error in errors if isinstance(error, SternaError)), errors[0])


def _flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
