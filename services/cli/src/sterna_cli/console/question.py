import asyncio
import sys

from sterna_cli.console.terminal import Terminal


async def ask(terminal: Terminal, question: str) -> str:
    """Ask a person for one line.

    The loop keeps running meanwhile, and Ctrl-C ends the waiting, which `input` would not allow.
    """
    terminal.remarks.print(question, end="")
    terminal.remarks.file.flush()
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sys.stdin, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline().strip()
