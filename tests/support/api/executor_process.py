import asyncio
import sys
from pathlib import Path

END_SECONDS = 30.0


class ExecutorServer:
    """One executor process of an installation."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self.log = folder / "executor.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> int:
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sterna_executor",
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        return self.process.pid

    async def stop(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), END_SECONDS)
