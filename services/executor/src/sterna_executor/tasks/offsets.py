class Offsets:
    """Which records of each partition are done, so that only what is done is committed."""

    def __init__(self) -> None:
        self._open: dict[int, set[int]] = {}
        self._next: dict[int, int] = {}
        self._committed: dict[int, int] = {}

    def take(self, partition: int, offset: int) -> None:
        """Note that a record was taken and is not done."""
        self._open.setdefault(partition, set()).add(offset)
        self._next[partition] = max(self._next.get(partition, 0), offset + 1)

    def done(self, partition: int, offset: int) -> None:
        """Note that a record is done."""
        self._open.get(partition, set()).discard(offset)

    def forget(self, partitions: set[int]) -> None:
        """Let go of partitions that belong to somebody else now."""
        for partition in partitions:
            self._open.pop(partition, None)
            self._next.pop(partition, None)
            self._committed.pop(partition, None)

    def due(self) -> dict[int, int]:
        """Give the offsets to commit: the lowest that is not done, where it has moved."""
        lowest = {
            partition: min(self._open.get(partition) or {following})
            for partition, following in self._next.items()
        }
        return {p: offset for p, offset in lowest.items() if self._committed.get(p) != offset}

    def committed(self, offsets: dict[int, int]) -> None:
        """Note what was committed."""
        self._committed.update(offsets)
