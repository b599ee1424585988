from collections.abc import Sequence

from msgspec import Struct

from sterna_core.errors import InvalidRequest, Misconfigured
from sterna_core.extractors.extractor import Description
from sterna_core.extractors.registry import ExtractorNotFound, ExtractorRegistry
from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput
from sterna_core.namespace_migration.config import FeatureExtractorConfig, MigrationConfig
from sterna_core.namespace_migration.finding import Finding, Findings

_PLACE = ("config", "feature_extractors")
EXTRACTORS_MAX = 16
"""Extractors that a namespace may be given by a migration."""


class TargetExtractors(Struct, frozen=True):
    """What makes the vectors of a target; None where they stay those of the source."""

    extractors: tuple[FeatureExtractor, ...] | None = None
    findings: Findings = Findings()


class TargetExtractorFinder:
    """Says what the extractors that a migration names make."""

    def __init__(self, registry: ExtractorRegistry) -> None:
        self._registry = registry

    async def find(self, config: MigrationConfig) -> TargetExtractors:
        """Give the extractors of a re-extraction, in the newest version where none was said."""
        wanted = config.feature_extractors or ()
        if config.migration_type != "re_extract" or not wanted:
            return TargetExtractors()
        if len(wanted) > EXTRACTORS_MAX:
            message = f"A namespace has at most {EXTRACTORS_MAX} extractors."
            return _refused([Finding(_PLACE, message, "too_many_extractors")])
        found, errors = list[FeatureExtractor](), list[Finding]()
        for index, each in enumerate(wanted):
            described = await self._description(each, index)
            if isinstance(described, Finding):
                errors.append(described)
            elif described.reference in {f"{e.feature_extractor_name}@{e.version}" for e in found}:
                message = f"{described.reference} stands twice; its vectors have one address."
                errors.append(Finding((*_PLACE, index), message, "repeated"))
            else:
                found.append(_of(described))
        return _refused(errors) if errors else TargetExtractors(tuple(found))

    async def _description(
        self, wanted: FeatureExtractorConfig, index: int
    ) -> Description | Finding:
        name, place = wanted.feature_extractor_name, (*_PLACE, index)
        try:
            extractor = await self._registry.open(name, wanted.version, wanted.parameters)
        except ExtractorNotFound:
            there = ", ".join(map(str, self._registry.names))
            named = name if wanted.version is None else f"{name}@{wanted.version}"
            message = f"There is no extractor {named[:200]}; there are {there}."
            return Finding(place, message, "extractor_not_found")
        except Misconfigured as error:
            return Finding(place, error.message, "extractor_not_installed")
        except InvalidRequest as error:
            return Finding((*place, "parameters"), error.message, error.code)
        return extractor.description


def _refused(errors: Sequence[Finding]) -> TargetExtractors:
    return TargetExtractors(findings=Findings(errors=tuple(errors)))


def _of(description: Description) -> FeatureExtractor:
    output = description.output()
    return FeatureExtractor(
        feature_extractor_name=description.name,
        version=description.version,
        parameters=description.parameters,
        outputs=(
            FeatureOutput(name=output.name, dimensions=output.dimension, metric=output.metric),
        ),
    )
