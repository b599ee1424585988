"""`make bench`: Sterna and other tools move the same database, in one run."""

import argparse
import asyncio
from pathlib import Path

from bench import report
from bench.clusters import SETTINGS, clusters
from bench.competitor import Competitor
from bench.pgcopydb import PgCopyDb
from bench.pgloader import PgLoader
from bench.program import timed
from bench.raw_pipe import RawPipe
from bench.sling import Sling
from bench.sterna_whole import SternaWhole
from bench.stoppable import stoppable
from bench.tournament import Tournament

from sterna_cli.client.sterna import connect
from sterna_cli.stack import Stack
from sterna_cli.temporary_home import temporary_home

_RESULTS = Path(__file__).parent / "results"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=int, default=50, help="pgbench's: 100,000 rows each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=2, help="concurrency of every tool")
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--only", nargs="+", help="tools whose names hold one of these texts")
    return parser.parse_args()


async def _main(options: argparse.Namespace) -> int:
    async with (
        clusters() as both,
        temporary_home("bench-stack") as home,
        Stack(home, executors=options.executors) as stack,
        connect(stack.url, stack.key) as sterna,
    ):
        print(f"making pgbench's tables at scale {options.scale} … ", end="", flush=True)
        made = await timed(
            [both.programs / "pgbench", "-i", "-q", "-s", str(options.scale), both.source_url]
        )
        print(f"{made:.1f} s")
        tools: list[Competitor] = [
            RawPipe(options.streams),
            SternaWhole(stack, sterna, options.streams),
            PgCopyDb(options.streams),
            PgLoader(options.streams),
            Sling(),
        ]
        wanted = options.only or [""]
        chosen = [each for each in tools if any(text in each.name for text in wanted)]
        standings = await Tournament(both, chosen).play(options.rounds)
    print("\n" + report.table(standings))
    conditions: dict[str, object] = {
        "scale": options.scale,
        "rounds": options.rounds,
        "streams": options.streams,
        "executors": options.executors,
        "postgresql": SETTINGS,
    }
    print(f"\nwritten to {report.write(_RESULTS, 'migration', conditions, standings)}")
    return 1 if any(each.reason and each.reason.startswith("failed") for each in standings) else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(stoppable(_main(_arguments()))))
