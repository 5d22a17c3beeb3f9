"""What a command costs, alone: `python -m bench.commands [--peer]`.

Commands per second on PostgreSQL with one worker, sequential on one connection with a
JWT; server CPU for each; the time from POST to a viewer's event; and how late 500
timers are that end at one instant.
"""

import argparse
import sys
from collections.abc import Sequence

from bench import cores, measures
from bench.figures import PEER, PRODUCT, Figures
from bench.measures import Recorder, Size
from bench.report import cell_text
from bench.rows import rows
from bench.stage import Stage

_LABELS = {
    "event_median": "POST to a viewer's event, median (ms)",
    "event_p99": "POST to a viewer's event, p99 (ms)",
}
_KEYS = ("command", "event", "finish")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="bench.commands", description=__doc__)
    parser.add_argument("--peer", action="store_true", help="the peer as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commands", type=int, default=1000, help="in each round")
    options = parser.parse_args(arguments)
    columns = [PRODUCT, PEER] if options.peer else [PRODUCT]
    figures, size = Figures(), Size()
    with cores.pinned(cores.LOAD), Stage(size.warm_commands) as stage:
        for _ in range(options.rounds):
            for column in columns:
                _measure(stage, options.commands, size, Recorder(figures, column))
    _show(figures, columns, size)
    return 0


def _measure(stage: Stage, commands: int, size: Size, record: Recorder) -> None:
    with stage.server(record.column) as show:
        measures.measure_commands(show, commands, record)
        measures.measure_latency(show, commands, record)
        measures.measure_finishes(show, size.finishes, record)


def _show(figures: Figures, columns: Sequence[str], size: Size) -> None:
    labels = {row.key: row.label for row in rows(size)} | _LABELS
    for key, label in labels.items():
        if key.startswith(_KEYS):
            cells = (f"{each} {cell_text(figures.cell(key, each))}" for each in columns)
            print(f"{label}: {'; '.join(cells)}")


if __name__ == "__main__":
    sys.exit(main())
