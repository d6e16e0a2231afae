"""The results as a Markdown table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from .samples import Row, Series


def number(value: float) -> str:
    """Three digits that matter."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(series: Series) -> str:
    """The median, and the lowest and highest round."""
    low, high = series.spread
    return f"{number(series.median)} ({number(low)}–{number(high)})"


def table(rows: list[Row]) -> str:
    """One line a measure; what has no `must` is there to be compared."""
    lines = ["| measure | acode | beside | must | |", "|---|---|---|---|---|"]
    for row in rows:
        beside = "; ".join(f"{name}: {cell(series)}" for name, series in row.beside.items()) or "–"
        verdict = {True: "holds", False: "**misses**", None: ""}[row.holds]
        verdict = ", ".join(part for part in (verdict, row.note) if part)
        lines.append(f"| {row.measure} | {cell(row.ours)} {row.unit} | {beside} | {row.must or '–'} | {verdict} |")
    return "\n".join(lines)


def machine() -> dict:
    """Where the numbers are from."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return {
        "cpu": model, "cores": os.cpu_count(), "memoryGiB": round(memory, 1), "kernel": platform.release(),
        "loadBefore": round(load, 2),
    }  # fmt: skip


def heading(engine, where: dict, rounds: int, version: str) -> str:
    return (
        f"{engine.kind} {engine.version}, acode {version}, {where['cores']} cores ({where['cpu']}), "
        f"Linux {where['kernel']}; load {where['loadBefore']} before. "
        f"Median of {rounds} interleaved rounds (lowest–highest)."
    )


def save(directory: Path, engine, where: dict, rows: list[Row], version: str, is_own_build: bool) -> Path:
    """Writes everything that was measured; the commit only when it is known what was built."""
    directory.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    file = directory / f"{now:%Y%m%dT%H%M%SZ}-{engine.kind}.json"
    commit = subprocess.run(
        ["git", "-C", str(directory.parent), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    file.write_text(json.dumps({
        "at": now.isoformat(timespec="seconds"), "acode": version,
        "commit": commit if is_own_build else None, "machine": where,
        "engine": {"kind": engine.kind, "version": engine.version},
        "results": [
            {
                "measure": row.measure, "unit": row.unit, "acode": row.ours.as_json(),
                "beside": {name: series.as_json() for name, series in row.beside.items()},
                "must": row.must or None, "holds": row.holds, "note": row.note or None,
            }
            for row in rows
        ],
    }, indent=2, ensure_ascii=False) + "\n")  # fmt: skip
    return file
