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
        aim: what the ratio of the product to the peer should be, if there is an aim:
            at most so much, or at least where more is better.
        limit: the most that the product's own figure should be, if there is such a
            limit; whatever the peer's is.
        more_is_better: whether the larger figure is the better one.
        peer_key: names the peer's figure where it has another name, that is, where the
            peer was measured only in one way and the product in several.
    """

    key: str
    label: str
    aim: float | None = None
    limit: float | None = None
    more_is_better: bool = False
    peer_key: str | None = None

    @property
    def has_aim(self) -> bool:
        """Whether the product's figure can miss something."""
        return self.aim is not None or self.limit is not None

    def key_for(self, column: str) -> str:
        """Return the name of a column's figure for this line."""
        return (self.peer_key or self.key) if column == PEER else self.key

    def misses(self, ratio: float) -> bool:
        """Return whether this ratio of the product to the peer misses the aim."""
        if self.aim is None:
            return False
        return ratio < self.aim if self.more_is_better else ratio > self.aim


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

    def cell_of(self, row: Row, column: str) -> Cell | None:
        """Return a column's figure on a line."""
        return self.cell(row.key_for(column), column)

    def ratio(self, row: Row) -> float | None:
        """Return the ratio of the product to the peer on a line."""
        return _ratio(self.cell_of(row, PRODUCT), self.cell_of(row, PEER))

    def ratio_to_floor(self, key: str, of: str = PRODUCT) -> float | None:
        """Return the ratio of a column's figure to the floor's."""
        return _ratio(self.cell(key, of), self.cell(key, FLOOR))

    def present(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows for which there are figures."""
        return [row for row in rows if self._values.get(row.key)]

    def as_json(self) -> dict[str, dict[str, Sequence[float]]]:
        """Return every figure of every round."""
        return {key: dict(columns) for key, columns in self._values.items()}


def _ratio(upper: Cell | None, lower: Cell | None) -> float | None:
    if upper is None or lower is None or not lower.middle:
        return None
    return upper.middle / lower.middle


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
