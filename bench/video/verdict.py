"""Verdict: what was measured, which comparisons are void, and whether the engine kept what it promises. No I/O.

A peer that does not look as often as it should, or that costs far more than what it decodes and infers costs alone,
was written badly, and who does not keep up with the streams does less work: such a comparison is void, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from bench.video.contestant import Cost
from bench.video.films import Coding, Scene
from bench.video.raw import Alone

HUB = "hub"
GATED = "opencv + motion gate"
UNGATED = ("opencv", "pyav")
"""Peers that look at every n-th picture, whatever it shows."""
MOST = {"opencv": 1.6, GATED: 1.6, "pyav": 1.35}
"""Times what its steps cost alone, above which a comparison is void."""
KEPT = 0.95
"""Share of what is sent that must be received, and of the wanted analysed pictures that an ungated peer must reach."""
STOLEN = 0.1
"""Of one core, which others on the same host may take from this machine while it measures: with more, cameras that are
seen late say nothing about who looks."""
QUIET_TIMES = {"opencv": 10.0, "pyav": 9.0, GATED: 4.5}
"""On quiet cameras a peer must cost at least so many times what the hub costs."""
BUSY_MOST = 1.15
"""On busy cameras an analysed picture may cost the hub so many times what its decoding and inference cost alone."""


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant in one scene, once.

    Attributes:
        scene: What the cameras showed.
        coding: How that was coded.
        contestant: HUB or one of the peers.
        cost: What it did and used.
        alone: What each step costs alone, measured beside it.
    """

    scene: Scene
    coding: Coding
    contestant: str
    cost: Cost
    alone: Alone

    def excess(self, pictures: float) -> float:
        """Its cost over that of what it decoded and inferred, and of its gate at each of so many, all alone."""
        decoded, gate = sum(self.cost.decoded), self.alone.motion_ms if self.contestant == GATED else 0.0
        steps = decoded * (self.alone.decode_ms + gate / pictures)
        steps += sum(self.cost.analysed) * self.alone.inference_ms
        return 1000 * self.cost.cpu / steps if steps else float("inf")

    def per_look(self, pictures: float) -> float:
        """Cost of an analysed picture over that of decoding so many and one inference, alone and at the same time."""
        return self.cost.per_analysed / (self.alone.decode_ms * pictures + self.alone.inference_ms)


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant in one scene: medians over the repeats.

    Attributes:
        per_camera: Per cent of one core for one camera.
        spread: Quartiles apart of the same.
        analysed: Pictures looked at a second, of the camera with fewest.
        per_analysed: Milliseconds for one analysed picture; infinite when none was.
        excess: Its cost over that of its steps, each alone.
        times: Its cost over the hub's.
        received: Packets a second, of the camera with fewest.
        void: Why `times` says nothing; empty when it does.
    """

    scene: Scene
    coding: Coding
    contestant: str
    per_camera: float
    spread: float
    received: float
    analysed: float
    per_analysed: float
    excess: float
    times: float
    void: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise.

    Attributes:
        what: In words.
        found: The figure.
        limit: What it must not exceed, or reach where `least`.
        least: Whether `limit` is to be reached.
        void: Why nothing was shown; empty when something was.
    """

    what: str
    found: float
    limit: float
    least: bool = False
    void: str = ""

    @property
    def answer(self) -> str:
        """`passed`, `not passed` or `void`."""
        if self.void:
            return "void"
        return (
            "passed"
            if (self.found >= self.limit if self.least else self.found <= self.limit)
            else "not passed"
        )


def rows(runs: Iterable[Run], fps: float, stream_fps: float) -> list[Row]:
    """In the order in which they were first run."""
    grouped: dict[tuple[Scene, Coding, str], list[Run]] = {}
    for run in runs:
        grouped.setdefault((run.scene, run.coding, run.contestant), []).append(run)
    found: list[Row] = []
    for (scene, coding, contestant), group in grouped.items():
        per_camera = [run.cost.per_camera for run in group]
        hub = [run.cost.per_camera for run in grouped.get((scene, coding, HUB), [])]
        analysed = median(min(run.cost.analysed) for run in group)
        received = median(min(run.cost.received) for run in group)
        excess = median(run.excess(stream_fps / fps) for run in group)
        found.append(
            Row(
                scene=scene,
                coding=coding,
                contestant=contestant,
                per_camera=median(per_camera),
                spread=spread(per_camera),
                received=received,
                analysed=analysed,
                per_analysed=median(run.cost.per_analysed for run in group),
                excess=excess,
                times=median(per_camera) / median(hub) if hub else float("nan"),
                void=_taken(median(run.cost.stolen for run in group))
                or _behind(received, stream_fps)
                or _void(contestant, analysed, excess, fps),
            )
        )
    return found


def _taken(stolen: float) -> str:
    return f"ran while others on the host took {stolen:.0%} of a core" if stolen > STOLEN else ""


def _behind(received: float, stream_fps: float) -> str:
    return f"took only {received:.1f} pictures a second" if received < KEPT * stream_fps else ""


def _void(contestant: str, analysed: float, excess: float, fps: float) -> str:
    if contestant in UNGATED and analysed < KEPT * fps:
        return _rarely(analysed)
    most = MOST.get(contestant, float("inf"))
    return f"costs {excess:.2f} times its steps alone, more than {most:g}" if excess > most else ""


def _rarely(analysed: float) -> str:
    return f"looked only {analysed:.2f} times a second"


def claims(table: Sequence[Row], runs: Sequence[Run], fps: float, stream_fps: float) -> list[Claim]:
    """What the engine promises for quiet and busy cameras, each coding for itself."""

    def look(row: Row) -> float:
        """Each run over what the machine did alone in the same seconds: it is faster in one minute than in the next."""
        return median(run.per_look(stream_fps / fps) for run in runs if _key(run) == _key(row))

    found: list[Claim] = []
    for row in table:
        where = f"{row.scene}, {row.coding}"
        hub = next((each for each in table if _key(each) == (row.scene, row.coding, HUB)), None)
        if hub is None:
            continue
        behind = f"the hub {hub.void}" if hub.void else ""
        if row.scene == "quiet" and row.contestant in QUIET_TIMES:
            what = f"{where}: {row.contestant} costs so many times the hub"
            found.append(
                Claim(what, row.times, QUIET_TIMES[row.contestant], least=True, void=behind or row.void)
            )
        if row.scene != "busy":
            continue
        late = behind or (f"the hub {_rarely(hub.analysed)}" if hub.analysed < KEPT * fps else "")
        if row is hub:
            what = f"{where}: an analysed picture costs the hub so many times its decoding and inference"
            found.append(Claim(what, look(row), BUSY_MOST, void=late))
        else:
            what = f"{where}: an analysed picture costs the hub, over {row.contestant}"
            found.append(Claim(what, look(hub) / look(row), 1.0, void=late or row.void))
    return found


def _key(row: Row | Run) -> tuple[Scene, Coding, str]:
    return row.scene, row.coding, row.contestant


def spread(values: Sequence[float]) -> float:
    """Quartiles apart."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4)
    return high - low
