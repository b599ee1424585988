from collections import deque

_WINDOW_SECONDS = 5.0


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
        """Rows a second, 0 where nothing can be said."""
        if len(self._notes) < 2:
            return 0.0
        (began, first), (ended, last) = self._notes[0], self._notes[-1]
        return max(0.0, (last - first) / (ended - began)) if ended > began else 0.0
