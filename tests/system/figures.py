"""Figures that a test measured; `pytest -rP` shows them."""

from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(what: str, values: Sequence[float]) -> None:
    """Print median, 99th percentile and maximum of milliseconds."""
    print(  # noqa: T201 - for whoever reads the run
        f"{what}: median {median(values):.1f} ms, "
        f"p99 {percentile(values, 0.99):.1f} ms, max {max(values):.1f} ms, "
        f"n = {len(values)}"
    )
