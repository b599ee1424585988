from collections.abc import Sequence

from sterna_api.http.namespace_bodies import FeatureExtractorBody, OutputBody
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_core.errors import InvalidRequest, Misconfigured
from sterna_core.extractors.extractor import Description
from sterna_core.extractors.registry import ExtractorNotFound, ExtractorRegistry
from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput


class ExtractorFinder:
    """Says of extractors that somebody names what they make."""

    def __init__(self, registry: ExtractorRegistry) -> None:
        self._registry = registry

    async def extractors(
        self, bodies: Sequence[FeatureExtractorBody]
    ) -> tuple[FeatureExtractor, ...]:
        """Give what makes a namespace's vectors, each once; raises InvalidShape."""
        problems, found = list[Problem](), list[FeatureExtractor]()
        seen: set[tuple[str, str]] = set()
        for index, body in enumerate(bodies):
            loc = ("body", "feature_extractors", index)
            try:
                extractor = await self._extractor(body, loc)
            except InvalidShape as error:
                problems += error.problems
                continue
            key = (extractor.feature_extractor_name, extractor.version)
            names = {each.name for each in extractor.outputs}
            if key in seen or len(names) < len(extractor.outputs):
                problems.append(Problem(loc, "Each extractor and output stands once", "repeated"))
            seen.add(key)
            found.append(extractor)
        if problems:
            raise InvalidShape(problems)
        return tuple(found)

    async def _extractor(self, body: FeatureExtractorBody, loc: Location) -> FeatureExtractor:
        description = await self._description(body, loc)
        if description is None:
            if body.version is None or body.outputs is None:
                msg = "This extractor is not installed: say its version and its outputs"
                raise InvalidShape([Problem(loc, msg, "extractor_not_found")])
            return FeatureExtractor(
                feature_extractor_name=body.feature_extractor_name,
                version=body.version,
                parameters=body.parameters or {},
                outputs=_given(body.outputs),
            )
        outputs = tuple(
            FeatureOutput(name=each.name, dimensions=each.dimension, metric=each.metric)
            for each in description.outputs
        )
        if body.outputs is not None and set(_given(body.outputs)) != set(outputs):
            msg = "This extractor is installed, and its outputs are others; leave them out"
            raise InvalidShape([Problem((*loc, "outputs"), msg, "extractor_outputs")])
        return FeatureExtractor(
            feature_extractor_name=description.name,
            version=description.version,
            parameters=description.parameters,
            outputs=outputs,
        )

    async def _description(self, body: FeatureExtractorBody, loc: Location) -> Description | None:
        """Give an extractor's description; None for one that is not installed."""
        try:
            extractor = await self._registry.open(
                body.feature_extractor_name, body.version, body.parameters
            )
        except (ExtractorNotFound, Misconfigured):
            return None
        except InvalidRequest as error:
            raise InvalidShape([Problem((*loc, "parameters"), error.message, error.code)]) from None
        return extractor.description


def _given(outputs: Sequence[OutputBody]) -> tuple[FeatureOutput, ...]:
    return tuple(
        FeatureOutput(name=each.name, dimensions=each.dimensions, metric=each.metric)
        for each in outputs
    )
