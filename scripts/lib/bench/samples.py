"""Numbers, and how they are taken and summed up."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass
class Series:
    """One number of each round, and all single values behind them where there are any."""

    rounds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.rounds), max(self.rounds)

    def as_json(self) -> dict:
        low, high = self.spread
        return {"median": self.median, "min": low, "max": high, "rounds": self.rounds, "values": len(self.values)}


@dataclass
class Row:
    """One line of the report. `ratio` says what it has to be beside, and the names in `beside` are what people run."""

    measure: str
    unit: str
    ours: Series
    beside: dict[str, Series] = field(default_factory=dict)
    must: str = ""
    holds: bool | None = None
    note: str = ""


def interleave(rounds: int, contenders: dict[str, Callable[[], list[float]]]) -> dict[str, list[list[float]]]:
    """Runs A-B-C-A-B-C…, so that what else happens on the machine meets all of them."""
    taken: dict[str, list[list[float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, take in contenders.items():
            taken[name].append(take())
    return taken


def series(rounds: list[list[float]], reduce: Callable[[list[float]], float] = statistics.median) -> Series:
    """One number a round out of the values of each."""
    return Series([reduce(values) for values in rounds], [value for values in rounds for value in values])
