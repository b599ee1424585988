"""Opens the extractors that a migration names for its target."""

from sterna_core.errors import SternaError
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.namespace_migration.config import MigrationConfig


async def target_extractors(
    registry: ExtractorRegistry, config: MigrationConfig
) -> tuple[tuple[Extractor, ...], dict[str, str]]:
    """Give those that can be opened, and why others cannot."""
    opened: list[Extractor] = []
    missing: dict[str, str] = {}
    if config.migration_type != "re_extract":
        return (), missing
    for each in config.feature_extractors or ():
        try:
            opened.append(
                await registry.open(each.feature_extractor_name, each.version, each.parameters)
            )
        except SternaError as error:
            missing[each.feature_extractor_name] = error.message
    return tuple(opened), missing
