import asyncio
import os
import signal
import sys

import structlog
import uvloop

from sterna_core.errors import SternaError
from sterna_core.logs import configure_logs
from sterna_core.settings import read_settings
from sterna_executor.bootstrap import run_executor
from sterna_executor.settings import ExecutorSettings

EXIT_MISCONFIGURED = 2


def main() -> None:
    """Run an executor until SIGTERM or SIGINT; a second signal ends it at once."""
    configure_logs()
    try:
        settings = read_settings(ExecutorSettings, os.environ)
        configure_logs(level=settings.log_level)
        uvloop.run(_serve(settings))
    except SternaError as error:
        structlog.get_logger(__name__).error(
            "executor.refused", code=error.code, message=error.message
        )
        sys.exit(EXIT_MISCONFIGURED)


async def _serve(settings: ExecutorSettings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(130)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await run_executor(settings, stopping)


if __name__ == "__main__":
    main()
