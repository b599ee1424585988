from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from sterna_core.extractors.parameters import WrongParameters, refuse_others, whole_number
from sterna_core.namespace_store.feature import MOST_DIMENSIONS

DIMENSION_MAX = MOST_DIMENSIONS
DIMENSIONS: dict[str, int] = {
    "text-embedding-3-large": 3072,
    "text-embedding-3-small": 1536,
    "text-embedding-ada-002": 1536,
}
"""How long the vectors of these models are; for others a user says it."""
_SHORTENED = ("text-embedding-3-large", "text-embedding-3-small")


class Model(Struct, frozen=True):
    """Which model is asked, and for how many numbers."""

    name: str
    dimension: int
    asks_for_dimension: bool
    """Whether the model can give shorter vectors, and was asked for them."""

    def parameters(self) -> dict[str, Any]:
        """Give what tells this model from others."""
        return {"model": self.name, "dimension": self.dimension}


def read_model(parameters: Mapping[str, Any]) -> Model:
    """Read `model` and `dimension`; raises WrongParameters."""
    refuse_others(parameters, ("model", "dimension"))
    name = parameters.get("model")
    if not isinstance(name, str) or not name:
        raise WrongParameters("`model` names a model of the service.")
    known = DIMENSIONS.get(name)
    if known is None and "dimension" not in parameters:
        raise WrongParameters(
            f"`dimension` is needed: how long the vectors of {name} are is not known here.",
            details={"parameters": ["dimension"]},
        )
    dimension = whole_number(
        parameters, "dimension", known or 0, least=1, most=known or DIMENSION_MAX
    )
    if known is not None and dimension != known and name not in _SHORTENED:
        raise WrongParameters(
            f"{name} gives vectors of {known} numbers and no others.",
            details={"parameters": ["dimension"]},
        )
    return Model(name, dimension, known is not None and dimension != known)
