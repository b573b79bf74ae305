"""Schedule: which waiting frame is looked at next, and which cameras get less when there are too many; pure.

Each camera has a lane. Lanes of priority `life` come first, but for one look every RARELY: among them the frame
whose deadline (the moment its successor is due) is nearest, a frame that catches up after those of now. The others
share what is left by start-time fair queueing: each look moves a lane's turn on by a step that is short for a camera
with a high frame rate or priority and long for one with a low, and the lane whose turn is earliest is next. So under
overload every camera gets its share, none is blind because another is fast, and a lane that was idle saves up nothing.

A frame that is made and then dropped cost decoding that the others lack: so a camera whose frames keep being dropped
is told to make fewer (`regulate`), down to its keyframes, and more again once there is room; so are all others when
life safety itself comes too short, and then one thread looks at nothing else.

A live frame is pushed out by its successor (counted as dropped): the newest is what matters. Only while there is no
shortage may one wait beside it: frames of many cameras that come at once are looked at a moment later, none is lost.
Frames that catch up keep their order and are never pushed out: there is room for ROW of them, and who finds none offers
again later.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ingest.frame import Frame
from ingest.video.rate import Rate

Priority = Literal["life", "high", "normal", "low"]
RANKS: dict[Priority, int] = {"life": 0, "high": 1, "normal": 2, "low": 3}
WEIGHTS: dict[Priority, float] = {"life": 1.0, "high": 4.0, "normal": 1.0, "low": 0.25}
"""Share of the looks when there are too few, per frame that is wanted. `life` shares with its like only."""

ROW = 4
"""Frames of one camera that wait while it catches up: enough that the analysis never waits for the decoder."""

BESIDE = 2
"""Frames of now of one camera that wait at most, while it knows no shortage; else the newest only."""

CATCH_UP = 2.0
"""A camera that catches up gets this times its share, so that it arrives, without standing in others' way."""

FLOOR = 0.5
"""Looks per second below which no camera is told to go: about its keyframes."""
LESS, MORE = 0.7, 1.15
"""Times what a camera makes, a second: at least, and when there is room again. It makes fewer by as many as were
dropped: where a machine is nearly quick enough, more would leave a camera far below the share that it had."""
TOLERATED = 0.1
"""Share of a second's frames that may be dropped: two cameras whose frames come at once is no shortage."""
HOT, COOL = 4, 3
"""Seconds in a row with and without shortage before something is changed. A short stall costs the frames that it
pushes out; to make fewer for some seconds after it would cost more than that."""
VITAL_HOT = 2
"""The same for life safety, for which others make room."""

RARELY = timedelta(seconds=2)
"""However short life safety comes, one look in so long goes to another camera: none is blind for ever."""

Shortage = Literal["catching-up", "thinned", "overloaded"]


@dataclass(slots=True)
class _Lane:
    """One camera.

    Attributes:
        made: Frames per second that the camera is told to make, at most `fps`.
        offered: Frames of now since the latest regulate().
        lost: How many of them were dropped.
        kept: The share that was not, in the latest second.
        hot: Seconds in a row in which too many were.
        cool: Seconds in a row in which none were.
        turn: In the common count of looks: the lane with the least is next.
        began: Count at which its present row began, so that of equals who waits longest is first.
        busy: One of its frames is being looked at; frames of one camera are never looked at side by side.
    """

    priority: Priority = "normal"
    fps: float = 5.0
    made: float = 5.0
    offered: int = 0
    lost: int = 0
    kept: float = 1.0
    hot: int = 0
    cool: int = 0
    waiting: deque[Frame] = field(default_factory=deque)
    turn: float = 0.0
    began: int = 0
    busy: bool = False
    dropped: int = 0
    drops: Rate = field(default_factory=Rate)

    @property
    def live(self) -> int:
        """Frames of now that wait."""
        return sum(not each.catch_up for each in self.waiting)

    def step(self, frame: Frame) -> float:
        """How far a look at `frame` moves the turn on."""
        return 1.0 / (self.fps * WEIGHTS[self.priority] * (CATCH_UP if frame.catch_up else 1.0))

    def deadline(self) -> datetime:
        """When the next frame should be looked at."""
        return self.waiting[0].at + timedelta(seconds=1.0 / self.fps)


class Schedule:
    """The lanes of one worker, whose frames `threads` threads look at. Not thread-safe: Slots is its lock."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._vital = False
        self._others_at: datetime | None = None
        self._lanes: dict[str, _Lane] = {}
        self._turn = 0.0
        self._rows = 0
        self._looks: dict[int, Rate] = {rank: Rate() for rank in RANKS.values()}

    def declare(self, device: str, priority: Priority, fps: float) -> None:
        """The camera's priority and how often it wants to be looked at; what waits goes on waiting."""
        lane = self._lanes.setdefault(device, _Lane())
        if lane.fps != fps:
            lane.made = fps
        lane.priority, lane.fps = priority, fps

    def forget(self, device: str) -> None:
        """The camera is gone."""
        self._lanes.pop(device, None)

    def offer(self, frame: Frame, now: datetime) -> bool:
        """Let a frame wait. False: a live one pushed out another, one that catches up found no room."""
        lane = self._lanes.setdefault(frame.device, _Lane())
        row = lane.waiting
        if frame.catch_up and len(row) >= ROW:
            return False
        lane.offered += not frame.catch_up
        replaced = False
        while not frame.catch_up and lane.live >= (1 if lane.hot else BESIDE):
            replaced = True
            del row[next(number for number, each in enumerate(row) if not each.catch_up)]  # the oldest of now
            lane.dropped += 1
            if not row or not row[0].catch_up:  # else it is behind for a moment, not too fast
                lane.lost += 1
                lane.drops.add(now)
        if not replaced and not row and not lane.busy:
            lane.turn = max(lane.turn, self._turn)  # who was idle saves up nothing
        if not row and not replaced:
            self._rows += 1
            lane.began = self._rows
        row.append(frame)
        return not replaced

    def take(self, now: datetime) -> Frame | None:
        """The frame to look at now, None when there is none; its camera has its turn again after done()."""
        ready = [lane for lane in self._lanes.values() if lane.waiting and not lane.busy]
        if not ready:
            return None
        urgent = [lane for lane in ready if lane.priority == "life"]
        others = [lane for lane in ready if lane.priority != "life"]
        if not others or self._others_at is None:
            self._others_at = now
        forgotten = now - self._others_at >= RARELY
        if urgent and not forgotten:
            lane = min(urgent, key=lambda each: (each.waiting[0].catch_up, each.deadline()))
        else:
            if self._vital and not forgotten and self._looking() >= self._threads - 1:
                return None  # a look cannot be broken off: one thread waits for life safety
            self._others_at = now
            lane = min(others, key=lambda each: (each.turn, each.began))
            self._turn = max(self._turn, lane.turn)
        frame = lane.waiting.popleft()
        lane.turn += lane.step(frame)
        lane.busy = True
        self._looks[RANKS[lane.priority]].add(now)
        return frame

    def _looking(self) -> int:
        return sum(lane.busy for lane in self._lanes.values())

    def done(self, device: str) -> None:
        """The frame that was taken of this camera was looked at."""
        if device in self._lanes:
            self._lanes[device].busy = False

    def regulate(self) -> dict[str, float]:
        """Once a second: how many frames per second each camera should make now."""
        for lane in self._lanes.values():
            short = lane.lost > TOLERATED * lane.offered
            lane.hot = lane.hot + 1 if short else 0
            lane.cool = 0 if short else lane.cool + 1
            lane.kept = 1.0 - lane.lost / max(lane.offered, 1)
            lane.offered = lane.lost = 0
        vital = self._vital = any(
            lane.priority == "life" and lane.hot >= VITAL_HOT for lane in self._lanes.values()
        )
        for lane in self._lanes.values():
            if lane.priority == "life":
                lane.made = lane.fps
            elif vital or lane.hot >= HOT:
                lane.made = min(lane.fps, max(FLOOR, lane.made * (LESS if vital else max(LESS, lane.kept))))
                lane.cool = 0
            elif lane.cool >= COOL:
                lane.made = min(lane.fps, lane.made * MORE)
        return {device: lane.made for device, lane in self._lanes.items()}

    def dropped(self, device: str) -> int:
        """How many frames of this camera nobody looked at."""
        lane = self._lanes.get(device)
        return lane.dropped if lane else 0

    def shortage(self, device: str, now: datetime) -> Shortage | None:
        """Why this camera was looked at less often than it asks in the last 10 s, None when it was not.

        thinned: cameras with a higher priority were looked at in its place. overloaded: there was no time even
        though nobody went before it. catching-up: it is behind, and what it kept is looked at first.
        """
        lane = self._lanes.get(device)
        if lane is None:
            return None
        if any(frame.catch_up for frame in lane.waiting):
            return "catching-up"
        if lane.made >= lane.fps and not lane.drops.per_second(now):
            return None
        rank = RANKS[lane.priority]
        before = any(self._looks[each].per_second(now) for each in self._looks if each < rank)
        return "thinned" if before else "overloaded"
