"""Run the benchmark: `python -m bench.run [--quick | --large]`, or `make bench`.

Each round measures the columns in turn, so that whatever else the machine does meets
all of them. A viewer that misses an update ends the run with a failure.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import cores, machine, measures, plot, report
from bench.figures import FLOOR, PEER, PRODUCT, STOCK, Figures
from bench.measures import QUICK, Recorder, Size
from bench.servers import PRODUCTION, Floor
from bench.stage import Stage
from tests.support.crowd.viewer import ViewerError
from tests.support.environment import ROOT

_LARGE = 10_000
_BUILD = ROOT / "build"
_SAVED_PLOT = ROOT / "docs" / "benchmark.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return the exit status."""
    options = _parse(arguments)
    size, figures = _size(options), Figures()
    begun = time.monotonic()
    try:
        with cores.pinned(cores.LOAD), Stage(size.warm_commands) as stage:
            for number in range(1, size.rounds + 1):
                _say(f"round {number} of {size.rounds}")
                _measure_round(stage, size, figures, options.columns)
                if number <= size.slow_rounds:
                    _measure_slowly(stage, size, figures, options.columns)
    except ViewerError as error:
        _say(f"Until then:\n{report.table(figures, size).as_text()}")
        _say(f"FAILED: {error}")
        return 1
    seconds = f"{size.rounds} rounds in {time.monotonic() - begun:.0f} s"
    disturbed = f"{stage.disturbed} starts on a busy machine"
    _publish(figures, size, f"{seconds}, {disturbed}", save=options.save)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="a minute, for trying")
    sizes.add_argument("--large", action="store_true", help="10 000 viewers as well")
    parser.add_argument("--rounds", type=int, help="how often to measure everything")
    parser.add_argument("--save", action="store_true", help="keep the plot in docs/")
    parser.add_argument(
        "--columns",
        type=lambda text: text.split(","),
        default=[PRODUCT, PEER, STOCK, FLOOR],
        help="only these, such as product,peer",
    )
    return parser.parse_args(arguments)


def _size(options: argparse.Namespace) -> Size:
    size = QUICK if options.quick else Size()
    if options.large:
        size = replace(size, crowds=(*size.crowds, _LARGE))
    return replace(size, rounds=options.rounds) if options.rounds else size


def _measure_round(
    stage: Stage, size: Size, figures: Figures, columns: Sequence[str]
) -> None:
    for column in columns:
        _say(f"  {column}: commands, joins, fan-out")
        record = Recorder(figures, column)
        if column == FLOOR:
            with Floor() as floor:
                measures.measure_floor(floor, size, record)
            continue
        with stage.server(column) as show:
            cost = measures.measure_commands(show, size.commands, record)
            measures.measure_crowds(show, size, cost, record)
            # After the crowds, whose memory is counted from what the server had before:
            # what many commands at once took and gave back would be there for them.
            measures.measure_at_once(show, size.at_once, size.bursts, record)
        if column == PRODUCT:
            _say("  product, as in production: commands")
            with stage.server(PRODUCTION) as show:
                record = Recorder(figures, column, measures.IN_PRODUCTION)
                measures.measure_commands(show, size.commands, record)
                measures.measure_at_once(show, size.at_once, size.bursts, record)


def _measure_slowly(
    stage: Stage, size: Size, figures: Figures, columns: Sequence[str]
) -> None:
    """Measure what takes its time, and where the stock libraries play no part."""
    for column in columns:
        if column not in (PRODUCT, PEER):
            continue
        record = Recorder(figures, column)
        _say(f"  {column}: who only watches, running timers, finishes")
        with stage.server(column) as show:
            measures.measure_idle_viewers(show, size, record)
            measures.measure_running_timers(show, size, record)
            measures.measure_finishes(show, size.finishes, record)
        _say(f"  {column}: two workers")
        with stage.server(column, workers=2) as show:
            measures.measure_two_workers(show, size, record)


def _publish(figures: Figures, size: Size, run: str, *, save: bool) -> None:
    facts, table = machine.facts(), report.table(figures, size)
    told = "; ".join(f"{name} {value}" for name, value in facts.items())
    caption = f"{run}. {told}."
    missed = [f"Not met: {each}." for each in report.missed_aims(figures, size)]
    _BUILD.mkdir(exist_ok=True)
    markdown = "\n".join((table.as_markdown(), "", caption, *missed, ""))
    (_BUILD / "bench.md").write_text(markdown)
    (_BUILD / "bench.json").write_text(_as_json(figures, facts, size))
    _draw(figures, size, caption, [_BUILD / "bench.svg"] + [_SAVED_PLOT] * save)
    print(f"\n{table.as_text()}\n\n{markdown}")


def _draw(figures: Figures, size: Size, caption: str, files: Sequence[Path]) -> None:
    svg = plot.draw(figures, size, caption)
    for file in files:
        file.write_text(svg)
        _say(f"wrote {file.relative_to(ROOT)}")


def _as_json(figures: Figures, facts: dict[str, str], size: Size) -> str:
    content = {"machine": facts, "rounds": size.rounds, "figures": figures.as_json()}
    return json.dumps(content, indent=1) + "\n"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
