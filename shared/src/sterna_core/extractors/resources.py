from msgspec import Struct

from sterna_core.extractors.service_access import ServiceAccess
from sterna_core.extractors.thread_pool import ThreadPool


class ExtractorResources(Struct, frozen=True):
    """What extractors are given to work with; users' parameters never hold any of it."""

    pool: ThreadPool
    service: ServiceAccess | None = None
    """The embedding service of this installation, if it has one."""
