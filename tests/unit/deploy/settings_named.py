"""The environment variables that the services read."""

from types import ModuleType

import msgspec

from sterna_core.settings import variable


def variables_of(module: ModuleType) -> set[str]:
    """Name the variables of every settings struct of a module, with those for files."""
    found = set()
    for each in vars(module).values():
        if (
            isinstance(each, type)
            and issubclass(each, msgspec.Struct)
            and each is not msgspec.Struct
        ):
            for field in msgspec.structs.fields(each):
                found |= {variable(field.name), variable(field.name) + "_FILE"}
    return found
