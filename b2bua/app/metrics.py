"""The counters as Prometheus reads them.

There is one list of counters, the one that `/counters` shows; this is only another way to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Counters = Callable[[], Mapping[str, Any]]

_HELP = {
    "calls": "Live calls.",
    "calls_queued": "Calls that accounts have asked for, and that wait to be dialled.",
    "legs": "Live legs.",
    "dialogs": "SIP dialogs.",
    "transactions": "SIP transactions, by type.",
    "timers": "SIP timers that run.",
    "media_sessions": "Media streams that are open.",
    "recordings": "Recordings under way.",
    "media_ports_in_use": "UDP ports taken for media.",
    "webhooks_in_flight": "Requests to customers' servers without an answer yet.",
    "web_circuits": "Circuits of hosts that failed repeatedly, by state.",
    "web_circuit_refused_total": "Requests not sent because their host failed repeatedly.",
    "web_cache_total": "GETs by what the cache did for them, and entries stored and dropped.",
    "callbacks_pending": "Status callbacks that wait to be delivered.",
    "callbacks_dead": "Status callbacks that were given up.",
    "callbacks_dropped": "Status callbacks refused because too many were pending.",
    "media_notices_dropped": "Notices of the media relay lost because too many were waiting.",
    "media_copies_dropped": "Copies of packets lost to recordings that were read too slowly.",
    "calls_total": "Calls taken since the start.",
    "refused": "Calls and requests refused, by reason.",
    "trunk_registrations": "Whether we are registered with a trunk, 1 or 0.",
    "contacts": "Contacts that are registered.",
    "malformed": "Malformed messages, by reason.",
}
_LABELS = {
    "trunk_registrations": "trunk",
    "transactions": "type",
    "refused": "reason",
    "malformed": "reason",
    "web_circuits": "state",
    "web_cache_total": "outcome",
}
_TOTALS = frozenset({"refused", "malformed"})


class CountersCollector(Collector):
    """Turns `counters()` into metrics at the moment of the scrape."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Yield one metric family for each counter."""
        for name, value in self._counters().items():
            yield _lag(value) if name == "reactor_lag_ms" else _family(name, value)

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: names are known when there is something to count."""
        return iter(())


def metrics_text(counters: Counters) -> bytes:
    """Return the exposition format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CountersCollector(counters))
    return generate_latest(registry)


def _family(name: str, value: Any) -> Metric:
    is_total = name in _TOTALS or name.endswith("_total")
    kind = CounterMetricFamily if is_total else GaugeMetricFamily
    text = _HELP.get(name, name.replace("_", " "))
    if not isinstance(value, Mapping):
        return kind(f"b2bua_{name}", text, value=value)
    family = kind(f"b2bua_{name}", text, labels=[_LABELS.get(name, "kind")])
    for label, count in value.items():
        family.add_metric([str(label)], count)
    return family


def _lag(lag: Mapping[str, float]) -> Metric:
    text = "How late the reactor was in the last minute."
    family = GaugeMetricFamily("b2bua_reactor_lag_seconds", text, labels=["quantile"])
    for name, quantile in (("p50", "0.5"), ("p99", "0.99"), ("max", "1")):
        family.add_metric([quantile], lag[name] / 1000)
    return family
