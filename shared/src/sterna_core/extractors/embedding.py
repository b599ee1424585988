from collections.abc import Sequence

from sterna_core.errors import Terminal
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.rejected_text import RejectedText, screen
from sterna_core.extractors.vector import Vector, has_direction


class WrongVectors(Terminal):
    """An extractor gave vectors that are not what it says of them."""

    code = "extractor_inconsistent"


async def embed(extractor: Extractor, texts: Sequence[object]) -> list[Vector | RejectedText]:
    """Embed texts in their order; what has no vector comes back as rejected, with the reason.

    Raises what the extractor raises, and WrongVectors.
    """
    description = extractor.description
    results: list[Vector | RejectedText | None] = []
    sound: list[str] = []
    for text in texts:
        rejected = screen(text, max_characters=description.max_characters)
        results.append(rejected)
        if rejected is None:
            assert isinstance(text, str)
            sound.append(text)
    made = await extractor.embed(sound) if sound else []
    if len(made) != len(sound):
        raise WrongVectors(f"{description.reference} gave {len(made)} vectors for {len(sound)}")
    dimension = description.output().dimension
    following = iter(made)
    return [_judged(next(following), dimension) if result is None else result for result in results]


def _judged(made: Vector | RejectedText, dimension: int) -> Vector | RejectedText:
    if isinstance(made, RejectedText):
        return made
    if made.shape != (dimension,):
        raise WrongVectors(f"a vector of {made.size} numbers, where {dimension} were promised")
    return made if has_direction(made) else RejectedText("no_features")
