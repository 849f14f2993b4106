"""Measured quantities as a person reads them: names with spaces, units that fit the size, one order everywhere."""

from __future__ import annotations

from collections.abc import Mapping

# What the runner counts, in the order in which a report shows it; a name that is not here follows, by the alphabet.
_NAMES = {
    "running_max": "most running together", "in_flight_max": "most calls at once",
    "compilations": "compilations", "batched_requests": "requests run as one with others", "failed_requests": "failed requests", "refused_requests": "refused requests", "withdrawn_requests": "withdrawn requests",
    "failed_ops": "failed ops", "skipped_ops": "skipped ops", "skipped": "skipped", "rounds": "rounds",
    "epochs": "epochs", "rows": "rows", "close_us_max": "longest close", "resident_growth_kb": "resident growth"}
# A word of the name that is a unit, and what one of it is in bytes or in seconds.
_BYTES = {"bytes": 1, "kb": 1024, "mb": 1024**2}
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "seconds": 1.0}


def described(exposure: Mapping[str, float]) -> list[str]:
    """"most calls at once 32", "longest close 72 µs", "resident growth 8.4 MiB"."""
    order = {name: place for place, name in enumerate(_NAMES)}
    names = sorted(exposure, key=lambda name: (order.get(name, len(order)), name))
    return [f"{_label(name)} {_amount(name, exposure[name])}" for name in names]


def _label(name: str) -> str:
    words = [word for word in name.split("_") if word not in _BYTES and word not in _SECONDS]
    return _NAMES.get(name) or " ".join(words) or name


def _amount(name: str, value: float) -> str:
    for word in name.split("_"):
        if word in _BYTES:
            return size(value * _BYTES[word])
        if word in _SECONDS:
            return duration(value * _SECONDS[word])
    return number(value)


def number(value: float) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"


def size(count: float) -> str:
    """Bytes with a binary prefix; memory that was given back has a minus."""
    for unit in ("B", "KiB", "MiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or abs(count) >= 100 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def duration(seconds: float) -> str:
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.01:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
