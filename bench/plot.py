"""The plot of the figures: an SVG file with a group of bars for each row."""

from collections.abc import Sequence
from textwrap import wrap
from xml.sax.saxutils import escape

from bench import rows as lines
from bench.figures import FLOOR, PEER, PRODUCT, STOCK, Cell, Figures, Row
from bench.measures import Size
from bench.report import number

_COLOURS = {PRODUCT: "#0b6e4f", PEER: "#6b7280", STOCK: "#c27c0e", FLOOR: "#b8bcc4"}
_WIDTH, _LEFT, _BARS = 860, 330, 420
_BAR, _GAP, _HEAD = 14, 12, 60
_CAPTION_LETTERS = 135
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2937}.t{font-size:16px}"
    ".v{font-size:11px}.a{stroke:#b91c1c;stroke-width:2;stroke-dasharray:3 2}"
)


def draw(figures: Figures, size: Size, caption: str) -> str:
    """Return the SVG text of the rows that have an aim, where less is better."""
    rows = [
        row
        for row in figures.present(lines.rows(size))
        if row.has_aim and not row.more_is_better
    ]
    parts, top = [], _HEAD
    for row in rows:
        drawn, height = _group(figures, row, top)
        parts += drawn
        top += height + _GAP
    foot = wrap(caption, _CAPTION_LETTERS)
    height = top + 16 * len(foot) + 8
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}">',
        "<title>The benchmark: shorter bars are better</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        '<text class="t" x="16" y="24">Shorter is better; dashed: the aim</text>',
        *_legend(),
    ]
    for at, line in enumerate(foot, start=1):
        y = top + 16 * at
        parts.append(f'<text class="v" x="16" y="{y}">{escape(line)}</text>')
    return "\n".join([*head, *parts, "</svg>", ""])


def _legend() -> list[str]:
    parts, left = [], _LEFT
    for column, colour in _COLOURS.items():
        parts += [
            f'<rect x="{left}" y="34" width="12" height="12" fill="{colour}"/>',
            f'<text x="{left + 18}" y="44">{column}</text>',
        ]
        left += 100
    return parts


def _group(figures: Figures, row: Row, top: int) -> tuple[list[str], int]:
    """Return the bars of a row, and how high they are together."""
    cells = {column: figures.cell_of(row, column) for column in _COLOURS}
    there = {column: cell for column, cell in cells.items() if cell is not None}
    longest = max([cell.high for cell in there.values()] + [1e-9])
    height = len(there) * _BAR
    middle = top + height / 2 + 4
    parts = [f'<text x="16" y="{middle:.0f}">{escape(row.label)}</text>']
    for at, (column, cell) in enumerate(there.items()):
        parts += _bar(column, cell, longest, top + at * _BAR)
    return [*parts, *_aim(row, there.get(PEER), longest, (top, top + height))], height


def _bar(column: str, cell: Cell, longest: float, top: int) -> list[str]:
    length = _BARS * max(0.0, cell.middle) / longest
    low, high = (
        _LEFT + _BARS * max(0.0, end) / longest for end in (cell.low, cell.high)
    )
    place = f'x="{_LEFT}" y="{top + 1}" width="{length:.1f}" height="{_BAR - 2}"'
    y, end = top + _BAR / 2, max(high, _LEFT + length) + 6
    return [
        f'<rect {place} fill="{_COLOURS[column]}"/>',
        f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="#111827"/>',
        f'<text class="v" x="{end:.1f}" y="{y + 4}">{number(cell.middle)}</text>',
    ]


def _aim(row: Row, peer: Cell | None, longest: float, span: Sequence[int]) -> list[str]:
    aims = [] if row.limit is None else [row.limit]
    if row.aim is not None and peer is not None:
        aims.append(row.aim * peer.middle)
    # An aim beyond the longest bar is met, and drawn at its end.
    places = (_LEFT + _BARS * min(1.0, aim / longest) for aim in aims)
    return [f'<path class="a" d="M{x:.1f} {span[0]}V{span[1]}"/>' for x in places]
