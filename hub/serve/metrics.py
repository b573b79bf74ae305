"""Metrics: what /metrics shows; counters for what happened, gauges read when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from alerts.ledger.receivers import Figures
from alerts.router import Applied
from detectors.signal import Signal
from hub.serve.camera_faults import CameraFaults

OUTCOMES = ("applied", "duplicate", "late", "refused")
"""What may become of a signal."""
QUANTILES = {"0.5": "p50_ms", "0.95": "p95_ms", "0.99": "p99_ms", "1": "worst_ms"}
STAGES = ("received", "decoded", "analysed", "dropped")


class Metrics:
    """All counters of one `serve`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.payloads = Counter(
            "hub_payloads",
            "MQTT messages by convention and what became of them",
            ["convention", "outcome"],
            registry=self.registry,
        )
        self.rejected = Counter(
            "hub_rejected", "Payloads that could not be used, by reason", ["reason"], registry=self.registry
        )
        self.signals = Counter(
            "hub_signals", "Signals by what became of them", ["outcome"], registry=self.registry
        )
        self.refused = Counter(
            "hub_signals_refused", "Signals that were not applied, by why", ["reason"], registry=self.registry
        )
        self.camera_faults = Counter(
            "hub_camera_faults",
            "Faults of cameras that began, by camera and fault (see the shelf of camera health)",
            ["device", "fault"],
            registry=self.registry,
        )
        self._faults = CameraFaults()
        self.webhooks = Counter(
            "hub_webhook_attempts", "Webhook attempts by how they went", ["reason"], registry=self.registry
        )
        self.deliveries = Counter(
            "hub_deliveries",
            "Attempts to bring a notice to a channel by how they went",
            ["channel_kind", "reason"],
            registry=self.registry,
        )
        self.errors = Counter(
            "hub_errors", "Exceptions that were caught, by part", ["part"], registry=self.registry
        )

    def signal_outcomes(self, applied: Applied) -> None:
        """Count what some signals did."""
        self.signals.labels("applied").inc(applied.applied)
        self.signals.labels("duplicate").inc(applied.duplicates)
        self.signals.labels("late").inc(applied.late)
        self.signals.labels("refused").inc(len(applied.refused))
        for each in applied.refused:
            self.refused.labels(each.reason).inc()

    def faults_of(self, signals: Iterable[Signal], applied: Applied) -> None:
        """Count the faults of cameras that began with these signals; refused ones say nothing. One thread at a time.

        What is refused names a camera that the registry does not know: it is to make no label.
        """
        refused = {each.signal.id for each in applied.refused}
        for device, fault in self._faults.began(each for each in signals if each.id not in refused):
            self.camera_faults.labels(device, fault).inc()

    def outcomes(self) -> dict[str, int]:
        """Signals by what became of them, since the start."""
        return {
            outcome: int(self.registry.get_sample_value("hub_signals_total", {"outcome": outcome}) or 0)
            for outcome in OUTCOMES
        }

    def watch(self, collector: Collector) -> None:
        """Ask `collector` too, whenever the metrics are read."""
        self.registry.register(collector)


class Gauges(Collector):
    """What is counted elsewhere: the ledger, the cameras, the workers. Read when asked."""

    def __init__(
        self,
        *,
        head: Callable[[], int],
        open_incidents: Callable[[], Mapping[str, int]],
        outbox: Callable[[], int],
        receivers: Callable[[], Sequence[Figures]],
        cameras: Callable[[], Mapping[str, Mapping[str, int]]],
        restarts: Callable[[], Mapping[str, int]],
        spooled: Callable[[], int],
        analysis: Callable[[], Mapping[str, Mapping[str, object]]],
    ) -> None:
        self._head = head
        self._open = open_incidents
        self._outbox = outbox
        self._receivers = receivers
        self._cameras = cameras
        self._restarts = restarts
        self._spooled = spooled
        self._analysis = analysis

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing in advance: registering must not ask the ledger."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """The present figures."""
        yield GaugeMetricFamily("hub_events_head", "The newest seq of the log", value=self._head())
        incidents = GaugeMetricFamily("hub_incidents_open", "Open incidents", labels=["severity"])
        for severity, number in self._open().items():
            incidents.add_metric([severity], number)
        yield incidents
        yield GaugeMetricFamily("hub_outbox_pending", "Events that wait for a webhook", value=self._outbox())
        names = ["kind", "id"]
        waiting = GaugeMetricFamily(
            "hub_receiver_pending", "What waits for a webhook or channel", labels=names
        )
        dead = GaugeMetricFamily("hub_receiver_dead", "Dead letters of a webhook or channel", labels=names)
        failing = GaugeMetricFamily(
            "hub_receiver_failing", "1: the webhook or channel takes nothing now", labels=names
        )
        for each in self._receivers():
            waiting.add_metric([each.kind, each.id], each.pending)
            dead.add_metric([each.kind, each.id], each.dead)
            failing.add_metric([each.kind, each.id], int(each.failing))
        yield from (waiting, dead, failing)
        frames = CounterMetricFamily("hub_camera_frames", "Frames of each camera", labels=["device", "stage"])
        away = CounterMetricFamily("hub_camera_offline", "How often each camera went away", labels=["device"])
        for device, counted in self._cameras().items():
            for stage in STAGES:
                frames.add_metric([device, stage], counted.get(stage, 0))
            away.add_metric([device], counted.get("offline", 0))
        yield from (frames, away)
        restarts = CounterMetricFamily("hub_worker_restarts", "Restarts of each worker", labels=["worker"])
        for worker, number in self._restarts().items():
            restarts.add_metric([worker], number)
        yield restarts
        yield GaugeMetricFamily(
            "hub_signals_spooled", "Signals that wait on the workers' disks", value=self._spooled()
        )
        yield self._seconds()

    def _seconds(self) -> GaugeMetricFamily:
        """How long looking took, as each worker last said."""
        taken = GaugeMetricFamily(
            "hub_analysis_seconds",
            "From a frame's arrival until its rules were asked (look) or its signal was kept (signal), last minute",
            labels=["worker", "until", "quantile"],
        )
        for worker, said in self._analysis().items():
            for until in ("look", "signal"):
                figures = said.get(f"frame_to_{until}")
                for quantile, name in QUANTILES.items():
                    value = figures.get(name) if isinstance(figures, Mapping) else None
                    if isinstance(value, int | float):
                        taken.add_metric([worker, until, quantile], value / 1000)
        return taken
