"""The table of the figures, as plain text and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import rows as lines
from bench.figures import FLOOR, PEER, PRODUCT, STOCK, Cell, Figures, Row
from bench.measures import Size

_COLUMNS = (PRODUCT, PEER, STOCK, FLOOR)
_NOTHING = "-"
_FLOOR_KEYS = {
    "delivery_cpu": "CPU per delivered update / floor",
    "fan_out_cpu": "the same without its command / floor",
}


@dataclass(frozen=True)
class Table:
    """Lines of texts under a head.

    Attributes:
        head: a text for each column.
        body: the lines.
    """

    head: Sequence[str]
    body: Sequence[Sequence[str]]

    def as_text(self) -> str:
        """Return it for a terminal."""
        widths = [max(map(len, column)) for column in zip(*self._all(), strict=True)]
        return "\n".join(
            "  ".join(
                text.ljust(width) if at == 0 else text.rjust(width)
                for at, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in self._all()
        )

    def as_markdown(self) -> str:
        """Return it for a page."""
        rule = ["---", *["---:"] * (len(self.head) - 1)]
        body = (self.head, rule, *self.body)
        return "\n".join(f"| {' | '.join(line)} |" for line in body)

    def _all(self) -> list[Sequence[str]]:
        return [self.head, *self.body]


def table(figures: Figures, size: Size) -> Table:
    """Return the table of a run."""
    body = list(comparison(figures, lines.rows(size)).body)
    for count in size.crowds:
        body += [_floor_line(figures, key, count) for key in _FLOOR_KEYS]
    for row, one_worker in lines.two_worker_rows(size):
        body += _two_worker_lines(figures, row, one_worker)
    return Table(_head(_COLUMNS), [line for line in body if line])


def comparison(
    figures: Figures, rows: Sequence[Row], columns: Sequence[str] = _COLUMNS
) -> Table:
    """Return the table of the lines among `rows` for which there are figures."""
    present = figures.present(rows)
    return Table(_head(columns), [_line(figures, row, columns) for row in present])


def missed_aims(figures: Figures, size: Size) -> list[str]:
    """Return a sentence for each aim that was not met."""
    sentences = []
    for row in figures.present(lines.rows(size)):
        ratio, own = figures.ratio(row), figures.cell(row.key, PRODUCT)
        if ratio is not None and row.misses(ratio):
            sentences.append(f"{row.label}: {ratio:.2f} of the peer, aim {row.aim}")
        if row.limit is not None and own is not None and own.middle > row.limit:
            told = f"{number(own.middle)}, aim {row.limit}"
            sentences.append(f"{row.label}: {told}")
    for count in size.crowds:
        ratio = figures.ratio_to_floor(f"delivery_cpu_{count}")
        if ratio is not None and ratio > lines.FLOOR_AIM:
            label = f"CPU per delivered update, {count} viewers"
            sentences.append(
                f"{label}: {ratio:.2f} of the floor, aim {lines.FLOOR_AIM}"
            )
    return sentences


def cell_text(cell: Cell | None) -> str:
    """Return a median with its spread."""
    if cell is None:
        return _NOTHING
    texts = [number(value) for value in (cell.middle, cell.low, cell.high)]
    return texts[0] if texts[1] == texts[2] else f"{texts[0]} ({texts[1]}..{texts[2]})"


def number(value: float) -> str:
    """Return three digits that matter."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def _head(columns: Sequence[str]) -> Sequence[str]:
    return ("", *columns, "product / peer", "aim")


def _line(figures: Figures, row: Row, columns: Sequence[str] = _COLUMNS) -> list[str]:
    cells = [cell_text(figures.cell_of(row, column)) for column in columns]
    return [row.label, *cells, _ratio_text(figures.ratio(row)), _aim_text(row)]


def _aim_text(row: Row) -> str:
    aims = []
    if row.aim is not None:
        aims.append(f"{'>=' if row.more_is_better else '<='} {row.aim}")
    if row.limit is not None:
        aims.append(f"product <= {row.limit}")
    return ", ".join(aims) or _NOTHING


def _floor_line(figures: Figures, key: str, count: int) -> list[str]:
    of = [figures.ratio_to_floor(f"{key}_{count}", each) for each in _COLUMNS]
    if of[-1] is None:
        return []
    aim = f"<= {lines.FLOOR_AIM}" if key == "delivery_cpu" else _NOTHING
    label = f"{_FLOOR_KEYS[key]}, {count} viewers"
    return [label, *map(_ratio_text, of), _NOTHING, aim]


def _two_worker_lines(figures: Figures, row: Row, one_worker: str) -> list[list[str]]:
    if not figures.present([row]):
        return []
    against = []
    for column in _COLUMNS:
        one, two = figures.cell(one_worker, column), figures.cell(row.key, column)
        against.append(_ratio_text(two.middle / one.middle if one and two else None))
    label = f"{row.label} / one"
    return [_line(figures, row), [label, *against, _NOTHING, _NOTHING]]


def _ratio_text(ratio: float | None) -> str:
    return _NOTHING if ratio is None else f"{ratio:.2f}"
