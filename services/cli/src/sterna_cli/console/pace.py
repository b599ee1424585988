from collections import deque

_WINDOW_SECONDS = 5.0
_SHORTEST_SECONDS = 1.0


class Pace:
    """How fast rows went over the last five seconds."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int]] = deque()

    def note(self, seconds: float, rows: int) -> None:
        """Take down that `rows` had been processed at a moment of a monotonic clock."""
        self._notes.append((seconds, rows))
        # One note from before the window is kept, so that its beginning is known.
        while len(self._notes) > 2 and self._notes[1][0] < seconds - _WINDOW_SECONDS:
            self._notes.popleft()

    @property
    def rows_per_second(self) -> float:
        """Rows a second, 0 where less than a second is known."""
        if len(self._notes) < 2:
            return 0.0
        (began, first), (ended, last) = self._notes[0], self._notes[-1]
        seconds = ended - began
        return max(0.0, (last - first) / seconds) if seconds >= _SHORTEST_SECONDS else 0.0
