"""What was measured: a figure per row, column and round."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

PRODUCT, PEER, STOCK, FLOOR = "product", "peer", "stock", "floor"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        key: names it in the JSON file.
        label: what it says in the table, unit included.
        aim: the most that the ratio of the product to the peer should be, if there is
            an aim.
        more_is_better: whether the larger figure is the better one.
    """

    key: str
    label: str
    aim: float | None = None
    more_is_better: bool = False


@dataclass(frozen=True)
class Cell:
    """A figure over several rounds."""

    middle: float
    low: float
    high: float


@dataclass
class Figures:
    """Collects figures."""

    _values: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, key: str, column: str, value: float) -> None:
        """Add a round's figure."""
        self._values[key][column].append(value)

    def cell(self, key: str, column: str) -> Cell | None:
        """Return the median of a figure over its rounds, and how far they spread."""
        values = self._values.get(key, {}).get(column)
        return Cell(median(values), min(values), max(values)) if values else None

    def ratio(self, key: str, of: str = PRODUCT, to: str = PEER) -> float | None:
        """Return the ratio of two columns' medians."""
        upper, lower = self.cell(key, of), self.cell(key, to)
        if upper is None or lower is None or not lower.middle:
            return None
        return upper.middle / lower.middle

    def present(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows for which there are figures."""
        return [row for row in rows if self._values.get(row.key)]

    def as_json(self) -> dict[str, dict[str, Sequence[float]]]:
        """Return every figure of every round."""
        return {key: dict(columns) for key, columns in self._values.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
