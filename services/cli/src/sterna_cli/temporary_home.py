import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

_MODE = 0o755
"""PostgreSQL's unprivileged user passes through; what is secret is private by itself."""


@asynccontextmanager
async def temporary_home(purpose: str, *, keep: bool = False) -> AsyncGenerator[Path, None]:
    """Make a folder for servers, and remove it with all that is in it unless it is to be kept."""
    home = await asyncio.to_thread(_make, purpose)
    try:
        yield home
    finally:
        if not keep:
            await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def _make(purpose: str) -> Path:
    home = Path(tempfile.mkdtemp(prefix=f"sterna-{purpose}-"))
    home.chmod(_MODE)
    return home
