"""Transfer time of a table with a random UUID key beside the same table with a serial key."""

import argparse
import asyncio
from pathlib import Path
from statistics import median

from bench import report
from bench.clusters import Clusters, clusters, execute
from bench.competitor import Figures
from bench.sterna_whole import SternaWhole
from bench.stoppable import stoppable

from sterna_cli.client.sterna import connect
from sterna_cli.stack import Stack
from sterna_cli.temporary_home import temporary_home

_RESULTS = Path(__file__).parent / "results"
_LARGEST_RATIO = 1.1
# Both keys are in both tables, so the rows are equally wide; only what the key is differs.
_MAKE = """
create table {name} (number bigint not null, random uuid not null, filler text not null,
  amount numeric not null, at timestamptz not null);
insert into {name}
  select n, gen_random_uuid(), repeat(md5(n::text), 3), n / 7.0, timestamptz '2026-01-01' + n * interval '1 s'
  from generate_series(1, {rows}) n;
alter table {name} add primary key ({key});
vacuum analyze {name};
"""


async def _prepare(both: Clusters, key: str, rows: int) -> None:
    await execute(
        both.source_url,
        "drop table if exists serial_key, uuid_key",
        *(
            statement
            for statement in _MAKE.format(name=f"{key}_key", rows=rows, key=_COLUMNS[key]).split(
                ";"
            )
            if statement.strip()
        ),
    )


_COLUMNS = {"serial": "number", "uuid": "random"}


async def _main(rows: int, rounds: int, streams: int) -> int:
    async with (
        clusters() as both,
        temporary_home("bench-stack") as home,
        Stack(home) as stack,
        connect(stack.url, stack.key) as sterna,
    ):
        tool = SternaWhole(stack, sterna, streams)
        figures: dict[str, list[Figures]] = {key: [] for key in _COLUMNS}
        for number in range(rounds):
            order = list(_COLUMNS) if number % 2 == 0 else list(_COLUMNS)[::-1]
            for key in order:
                await _prepare(both, key, rows)
                found = await tool.run(both, await both.fresh_target("target"))
                figures[key].append(found)
                print(f"round {number + 1}: {key} key, rows in {found.parts_seconds['data']:.2f} s")
    times = {
        key: median(each.parts_seconds["data"] for each in found) for key, found in figures.items()
    }
    ratio = times["uuid"] / times["serial"]
    print(f"serial {times['serial']:.2f} s, uuid {times['uuid']:.2f} s, ratio {ratio:.3f}")
    conditions: dict[str, object] = {"rows": rows, "rounds": rounds, "streams": streams}
    print(f"written to {report.write(_RESULTS, 'uuid-key', conditions, figures)}")
    return 0 if ratio <= _LARGEST_RATIO else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=2)
    options = parser.parse_args()
    raise SystemExit(asyncio.run(stoppable(_main(options.rows, options.rounds, options.streams))))
