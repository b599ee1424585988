"""How far the passes of the mode `incremental` are."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class SyncRun(Struct, frozen=True, kw_only=True):
    """The passes of a run: `number` is that of the one at hand, or of the last one.

    `due_at` is when the next one begins, while none is `at_work`. `stop` says that somebody
    wants the migration to end: after the pass at hand, or `at_once`. The `last` pass follows that.
    A pass that is `comparing` compares every table.
    """

    number: int = 0
    at_work: bool = False
    last: bool = False
    comparing: bool = True
    began_at: UtcDatetime | None = None
    due_at: UtcDatetime | None = None
    stop: Literal["no", "asked", "at_once"] = "no"
