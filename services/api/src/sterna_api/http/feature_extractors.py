from sterna_api.http.namespace_bodies import FeatureExtractorBody
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput


def extractors_of(bodies: list[FeatureExtractorBody]) -> tuple[FeatureExtractor, ...]:
    """Give what makes a namespace's vectors, each named once; raises InvalidShape."""
    problems, found = [], list[FeatureExtractor]()
    seen: set[tuple[str, str]] = set()
    for index, body in enumerate(bodies):
        loc = ("body", "feature_extractors", index)
        if body.version is None or body.outputs is None:
            msg = "This extractor is not installed: say its version and its outputs"
            problems.append(Problem(loc, msg, "extractor_not_found"))
            continue
        key = (body.feature_extractor_name, body.version)
        names = [each.name for each in body.outputs]
        if key in seen or len(set(names)) < len(names):
            problems.append(Problem(loc, "Each extractor and output stands once", "repeated"))
        seen.add(key)
        outputs = tuple(
            FeatureOutput(name=each.name, dimensions=each.dimensions, metric=each.metric)
            for each in body.outputs
        )
        found.append(
            FeatureExtractor(
                feature_extractor_name=body.feature_extractor_name,
                version=body.version,
                parameters=body.parameters or {},
                outputs=outputs,
            )
        )
    if problems:
        raise InvalidShape(problems)
    return tuple(found)
