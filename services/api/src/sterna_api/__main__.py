import asyncio
import os
import signal
import sys

import structlog
import uvloop

from sterna_api.aggregates import AGGREGATES
from sterna_api.bootstrap import ApiProcess
from sterna_api.projections.database import Database
from sterna_api.projections.rebuild import rebuild
from sterna_api.settings import ApiSettings
from sterna_core.errors import SternaError
from sterna_core.journal.codec import Codec
from sterna_core.kafka.log import KafkaLog
from sterna_core.logs import configure_logs
from sterna_core.settings import read_settings

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_USAGE = """usage: sterna-api [serve | rebuild-projections]

serve                 run an API process (the default)
rebuild-projections   build what GETs answer from anew from the log, and put it in place

Everything else is set by environment variables: see docs/settings.md.
"""


def main() -> None:
    """Run an API process until SIGTERM or SIGINT, or one of the other commands."""
    arguments = sys.argv[1:] or ["serve"]
    if arguments not in (["serve"], ["rebuild-projections"]):
        sys.stderr.write(_USAGE)
        sys.exit(0 if arguments in (["--help"], ["-h"]) else EXIT_USAGE)
    configure_logs()
    try:
        settings = read_settings(ApiSettings, os.environ)
        configure_logs(level=settings.log_level)
        if arguments == ["serve"]:
            uvloop.run(_serve(settings))
        else:
            uvloop.run(_rebuild(settings))
    except* SternaError as errors:
        for error in _leaves(errors):
            structlog.get_logger().error("api.refused", code=error.code, reason=error.message)
        sys.exit(EXIT_FAILED)


async def _serve(settings: ApiSettings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(EXIT_INTERRUPTED)  # asked twice: whatever is under way is safe in the log
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await ApiProcess(settings).run(stopping)


async def _rebuild(settings: ApiSettings) -> None:
    database = Database(settings.database_url, schema=settings.database_schema)
    async with KafkaLog(settings.kafka()) as log:
        await rebuild(database, log, settings.topics(), Codec(AGGREGATES))


def _leaves(group: BaseExceptionGroup[SternaError]) -> list[SternaError]:
    found: list[SternaError] = []
    for each in group.exceptions:
        found.extend(_leaves(each) if isinstance(each, BaseExceptionGroup) else [each])
    return found


if __name__ == "__main__":
    main()
