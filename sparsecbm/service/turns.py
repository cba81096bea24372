"""Turns at slow work: one piece runs at a time, so that many sessions share cores and memory fairly."""

import threading
import time
from collections import deque
from collections.abc import Callable

#: Seconds that a piece of work has the machine for itself before it goes to the end of the line.
SLICE = 2.0
#: Pieces that may have been begun and wait; each keeps its memory meanwhile.
MOST_BEGUN = 3
#: How often whoever waits looks whether it is still wanted, in seconds.
LOOK_EVERY = 0.25


class Turns:
    """A line in the order of arrival; who stands first works, the others wait. Safe for many threads.

    Short work is done before anyone who came later begins. Work that takes longer than `seconds` is kept as it is while
    others have their turn; so that memory is bounded, at most `begun` pieces are, and others run to their end. `clock`
    gives seconds.
    """

    def __init__(
        self, seconds: float = SLICE, begun: int = MOST_BEGUN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._most, self._clock, self._since = seconds, begun, clock, 0.0
        self._changed, self._line, self._begun = threading.Condition(), deque[object](), list[object]()

    def take(self, who: object, wanted: Callable[[], bool]) -> bool:
        """Stand in line until it is one's turn, which `end` ends; False, and not in line, once it is not wanted."""
        with self._changed:
            self._line.append(who)
            return self._wait(who, wanted)

    def pass_on(self, who: object, wanted: Callable[[], bool]) -> bool:
        """In the midst of a turn that has taken long, wait at the end of the line if there is one; else as `take`."""
        with self._changed:
            if len(self._line) == 1 or self._clock() - self._since < self._seconds:
                return True
            if who not in self._begun:
                if len(self._begun) == self._most:
                    return True
                self._begun.append(who)
            self._line.rotate(-1)
            self._changed.notify_all()
            return self._wait(who, wanted)

    def end(self, who: object) -> None:
        """Leave the line, wherever one stands in it."""
        with self._changed:
            self._leave(who)

    def before(self, who: object) -> int:
        """How many come first; 0 for who works, or stands in no line."""
        with self._changed:
            return self._line.index(who) if who in self._line else 0

    @property
    def length(self) -> int:
        """How many work or wait."""
        with self._changed:
            return len(self._line)

    def _wait(self, who: object, wanted: Callable[[], bool]) -> bool:
        while self._line[0] is not who:
            if not wanted():
                self._leave(who)
                return False
            self._changed.wait(LOOK_EVERY)
        self._since = self._clock()
        return True

    def _leave(self, who: object) -> None:
        if who in self._begun:
            self._begun.remove(who)
        if who in self._line:
            self._line.remove(who)
            self._changed.notify_all()


#: Those of this process: it has one device.
TURNS = Turns()
