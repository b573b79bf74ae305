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

HUB = "hub"
FLOOR = "decoding and inference"
"""Nothing but these, at the pace of cameras (bench/peers/floor.py)."""
UNGATED = ("opencv", "pyav", FLOOR)
"""Peers that look at every n-th picture, whatever it shows."""
MOST = {"opencv": 1.6, "opencv + motion gate": 1.6, "pyav": 1.35}
"""Times what decoding and inference cost alone, above which a comparison is void."""
KEPT = 0.95
"""Share of what is sent that must be received, and of the wanted analysed pictures that an ungated peer must reach."""
QUIET_TIMES = {"opencv": 10.0, "pyav": 9.0, "opencv + motion gate": 4.5}
"""On quiet cameras a peer must cost at least so many times what the hub costs."""
BUSY_MOST = 1.15
"""On busy cameras an analysed picture may cost the hub so many times what decoding and inference cost at that pace."""


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant in one scene, once.

    Attributes:
        scene: What the cameras showed.
        coding: How that was coded.
        contestant: HUB or one of the peers.
        cost: What it did and used.
        decode_ms: Processor time of one picture's decoding alone, measured beside it.
        inference_ms: The same of one look of the model.
    """

    scene: Scene
    coding: Coding
    contestant: str
    cost: Cost
    decode_ms: float
    inference_ms: float

    @property
    def excess(self) -> float:
        """Its cost over that of what it decoded and inferred, each alone."""
        alone = sum(self.cost.decoded) * self.decode_ms + sum(self.cost.analysed) * self.inference_ms
        return 1000 * self.cost.cpu / alone if alone else float("inf")

    def per_look(self, pictures: float) -> float:
        """Cost of an analysed picture over that of decoding so many and one inference, alone and at the same time."""
        return self.cost.per_analysed / (self.decode_ms * pictures + self.inference_ms)


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant in one scene: medians over the repeats.

    Attributes:
        per_camera: Per cent of one core for one camera.
        spread: Quartiles apart of the same.
        analysed: Pictures looked at a second, of the camera with fewest.
        per_analysed: Milliseconds for one analysed picture; infinite when none was.
        excess: Its cost over that of what it decoded and inferred, each alone.
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
        excess = median(run.excess for run in group)
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
                void=_behind(received, stream_fps) or _void(contestant, analysed, excess, fps),
            )
        )
    return found


def _behind(received: float, stream_fps: float) -> str:
    return f"took only {received:.1f} pictures a second" if received < KEPT * stream_fps else ""


def _void(contestant: str, analysed: float, excess: float, fps: float) -> str:
    if contestant in UNGATED and analysed < KEPT * fps:
        return _rarely(analysed)
    most = MOST.get(contestant, float("inf"))
    return f"costs {excess:.2f} times decoding and inference, more than {most:g}" if excess > most else ""


def _rarely(analysed: float) -> str:
    return f"looked only {analysed:.2f} times a second"


def claims(table: Sequence[Row], runs: Sequence[Run], fps: float, stream_fps: float) -> list[Claim]:
    """What the engine promises for quiet and busy cameras, each coding for itself."""
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
            hubs, floors = (
                [
                    run.per_look(stream_fps / fps)
                    for run in runs
                    if (run.scene, run.coding, run.contestant) == (row.scene, row.coding, who)
                ]
                for who in (HUB, FLOOR)
            )
            late = late or ("" if floors else f"{FLOOR} alone did not run")
            over = median(hubs) / median(floors) if floors else float("inf")
            found.append(Claim(what, over, BUSY_MOST, void=late))
        elif row.contestant == FLOOR:
            continue
        else:
            what = f"{where}: an analysed picture costs the hub, over {row.contestant}"
            found.append(Claim(what, hub.per_analysed / row.per_analysed, 1.0, void=late or row.void))
    return found


def _key(row: Row) -> tuple[Scene, Coding, str]:
    return row.scene, row.coding, row.contestant


def spread(values: Sequence[float]) -> float:
    """Quartiles apart."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4)
    return high - low
