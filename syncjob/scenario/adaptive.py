"""What the server admits, as far as its refusals show, and how requests are spread once it has refused one. Pure."""

from collections import deque
from math import sqrt

# A lone refusal slows requests down by so much, each that is admitted speeds them up, and never below the floor: about
# one in a hundred is refused then. A limit that is exceeded by more than that refuses more; what refuses whatever the
# rate is has no lower rate to be found. If no burst at all was admitted, they begin so much slower.
_SLOWER, _FASTER, _FLOOR, _NO_BURST = 0.02, 0.0002, 0.9, 0.04
_MANY = 0.12  # as much of a window refused: what it admitted is what the server admits
_CHANCE = 3  # times the usual deviation: no more than that is chance
_NEWEST = 1 / 8  # of what is usual
_FEW = 0.08  # no more than that: more is tried, by a step that grows
_STEP, _GROWTH, _LARGEST_STEP = 0.07, 2.5, 1.0
_MORE = 0.04  # more than before is refused at a higher limit: it is too high
_SAME = 0.5  # of the refusals, or more, are left at a lower limit: they have another reason
# It is others that have the rest of a limit of which half was admitted once, or nothing from the beginning: half is kept
# for so many windows after a refusal, in which those others are refused as well, and give way.
_HALF, _KEPT = 0.5, 10
# The limit is never lowered below it: one who has next to nothing of a limit that others use must go on to ask.
_LEAST = 10.0
_JUDGED = 30  # requests at least, or half of what the limit allows: fewer show nothing
_FULL = 3  # refusals with a pause between each: the server's window holds all that it admits
_LONGEST_PAUSE = 1 / 12  # of a window
# After so many refusals, before which nothing at all was admitted: a window that others keep full has room for moments,
# and is met in one of them sooner by asking more often.
_UNHEARD, _SHORTER_PAUSE = 8, 1 / 30


class Adaptive:
    """A limit of requests in a window of `seconds`, at first as `told` and never above.

    `whole` is the limit as a number of requests. `interval` is from one request to the next in seconds; 0 as long as
    nothing says that they must be spread. In the first window refusals may be of what others sent before, so they
    spread requests and lower nothing.
    """

    def __init__(self, told: int, seconds: float) -> None:
        self.limit = self._told = float(told)
        self.whole = told
        self.interval = 0.0
        self._seconds = seconds
        self._share = 1.0  # of the limit that is used
        self._step = _STEP
        self._busy_since = self._seen = self._refused_at = float("-inf")
        self._is_shared, self._kept_until = False, float("inf")
        self._in_a_row = 0
        self._admitted: deque[float] = deque()  # when each was answered, for a window
        self._usual = 0.0  # the part of requests that is refused whatever the limit is
        self._lowered: tuple[float, float] | None = None  # from which limit, and which part was refused there
        self._raised: tuple[float, float] | None = None  # the same, of what was tried since
        self._is_held = False  # for a window, in which no more is tried
        self._not_before, self._since = float("-inf"), float("inf")  # what is judged: sent from then on, since when
        self._requests = self._refused = 0

    def tell(self, told: float) -> None:
        """Takes in another limit; what was found of the one before holds for the same part of it."""
        part, self._told = self.limit / self._told, told
        self._set(told * part)
        if self.interval:
            self._use(self._share)

    def enter(self, now: float) -> None:
        """One is sent; after a pause as long as a window, nothing of ours is in the server's any more."""
        if now - self._seen >= max(self._seconds, 2 * self.interval):
            self._busy_since, self._in_a_row = now, 0
            self._judge_anew(now)

    def admit(self, sent: float, now: float) -> None:
        self._admitted.append(now)
        while self._admitted[0] + self._seconds <= sent:
            self._admitted.popleft()
        self._seen = now
        self._is_shared |= len(self._admitted) >= _HALF * self._told
        if self.interval:  # until then none was refused, and there is nothing to judge
            if self._is_shared:
                self._kept_until = min(self._kept_until, now + _KEPT * self._seconds)
            self._count(sent, now, is_refused=False)
            self._in_a_row = 0 if sent >= self._refused_at else self._in_a_row
            self._use(self._share + _FASTER)

    def refuse(self, sent: float, now: float) -> float:
        """The seconds in which nothing is to be sent; what was in flight together is refused together."""
        self._seen = now
        self._count(sent, now, is_refused=True)
        if sent < self._refused_at:
            return 0.0
        self._refused_at = now
        self._in_a_row += 1
        admitted = sum(answered > sent - self._seconds for answered in self._admitted) if self._is_full else 0
        # None at all may be others' doing, and says nothing of the limit.
        if admitted and sent - self._busy_since >= self._seconds:
            self._lower(admitted, now)
        self._slow_down()
        longest = _SHORTER_PAUSE if self._in_a_row >= _UNHEARD and not self._admitted else _LONGEST_PAUSE
        return min(self.interval * 2.0 ** (self._in_a_row - 1), self._seconds * longest)

    def _slow_down(self) -> None:
        if not self.interval:
            self._is_shared |= not self._admitted
            self._use(1 - _NO_BURST if len(self._admitted) < _FULL else self._share)
        elif self._in_a_row == 1 and not self._raised:  # what is tried is judged as a whole
            self._use(self._share - _SLOWER)
        else:
            self._use(self._share)

    @property
    def _is_full(self) -> bool:
        return self._in_a_row >= (_FULL if self._usual < _FEW else 2 * _FULL)

    def _use(self, share: float) -> None:
        self._share = min(1.0, max(_FLOOR, share))
        self.interval = self._seconds / (self.limit * self._share)

    def _count(self, sent: float, now: float, *, is_refused: bool) -> None:
        """Takes in a response, and judges a window of them, or more if they are few."""
        if sent < self._not_before:
            return
        self._since = min(self._since, sent)
        self._requests += 1
        self._refused += is_refused
        if now - self._since >= self._seconds and self._requests >= min(_JUDGED, self.limit / 2):
            self._judge(now)

    def _judge(self, now: float) -> None:
        seconds, refused = now - self._since, self._refused / self._requests
        self._learn(refused)
        is_known = self._since - self._busy_since >= self._seconds and seconds < 3 * self._seconds
        usual = self._usual + max(self._usual, _CHANCE * sqrt(self._usual / self._requests))
        if refused > max(_MANY, usual) and is_known and self._requests >= _JUDGED:
            self._lower((self._requests - self._refused) * self._seconds / seconds, now)
        else:
            self._raise(refused)
            self._judge_anew(now)

    def _learn(self, refused: float) -> None:
        """Goes back to the limit before if less was not refused less."""
        if self._lowered and refused >= _SAME * self._lowered[1]:
            self._set(self._lowered[0])
            self._usual = refused
        else:
            self._usual += (min(refused, 2 * self._usual) - self._usual) * _NEWEST
        self._lowered = None

    def _raise(self, refused: float) -> None:
        """Tries more, or goes back from what was tried if more is refused there."""
        raised, self._raised = self._raised, None
        if raised and refused > raised[1] + _MORE:
            self._set(min(raised[0], self.limit * (1 - refused + self._usual)))
            self._hold()
        elif self._is_held:
            self._is_held = False
        elif self.limit < self._told and refused <= max(_FEW, 1.2 * self._usual):
            self._raised = self.limit, refused
            self._set(self.limit + max(1.0, self.limit * self._step))
            self._step = min(_LARGEST_STEP, _GROWTH * self._step)
        else:
            self._step = _STEP

    def _lower(self, admitted: float, now: float) -> None:
        before = self.limit
        self._set(min(before, admitted))
        is_enough = admitted >= self.limit * (1 - _MANY)  # if it is not, many are refused still
        if is_enough and self._requests >= _JUDGED and self._refused > _FEW * self._requests:
            self._lowered = before, self._refused / self._requests
        self._in_a_row, self._raised = 0, None
        self._hold()
        self._judge_anew(now)

    def _set(self, limit: float) -> None:
        least = _HALF * self._told if self._is_shared and self._seen < self._kept_until else 0.0
        self.limit = min(self._told, max(_LEAST, least, limit))
        self.whole = int(self.limit + 1e-9)

    def _hold(self) -> None:
        """Tries no more for a window."""
        self._step, self._is_held = _STEP, True

    def _judge_anew(self, now: float) -> None:
        """By what is sent from now on: what is in flight was sent at another rate."""
        self._not_before, self._since = now, float("inf")
        self._requests = self._refused = 0
