import asyncio
from time import perf_counter

import structlog

from sterna_api.http.namespace_catalog import CatalogedNamespace
from sterna_core.clock import Clock
from sterna_core.errors import NotFound, SternaError
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.namespace_estimate.estimating import estimate
from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_estimate.findings import note
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_estimate.target_extractors import target_extractors
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.validating import Validated
from sterna_core.namespace_store.doors import StoreDoors

AT_ONCE_MAX = 2
"""Estimates that one process makes at once: each uses the machine to know how fast it is."""
WAIT_SECONDS = 10.0
WHOLE_SECONDS = 20.0
"""More than all the parts of an estimate may take; what is not there by then hangs."""
_log = structlog.get_logger(__name__)


class NamespaceEstimates:
    """Says what migrations would take, without writing anything."""

    def __init__(self, doors: StoreDoors, extractors: ExtractorRegistry, clock: Clock) -> None:
        self._doors = doors
        self._extractors = extractors
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE_MAX)

    async def of(
        self, config: MigrationConfig, source: CatalogedNamespace, found: Validated
    ) -> Estimates:
        """Give figures; where the source cannot be looked into, there is a note instead."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return Estimates(measured_at=self._clock(), notes=(note("measuring_busy"),))
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                return await self._look(config, source, found)
        except (SternaError, TimeoutError) as error:
            code = error.code if isinstance(error, SternaError) else "too_slow"
            words = error.message if isinstance(error, SternaError) else "It does not answer."
            _log.warning("namespace.not_estimated", code=code)
            return Estimates(measured_at=self._clock(), notes=(note("source_not_read", words),))
        finally:
            self._places.release()

    async def _look(
        self, config: MigrationConfig, source: CatalogedNamespace, found: Validated
    ) -> Estimates:
        opened, missing = await target_extractors(self._extractors, config)
        subject = Subject(
            config=config, resources=found.resources, extractors=opened, missing=missing
        )
        async with self._doors.store(source.place.store) as store:
            try:
                space = await store.open(source.place.namespace_id)
            except NotFound:
                space = None
            return await estimate(subject, space, clock=self._clock, stopwatch=perf_counter)
