"""What commands cost, alone: `python -m bench.commands [--peer] [--production]`.

One worker on PostgreSQL: commands one after another on one connection with a JWT, per
second and in server CPU; 200 commands at once on one room; the time from POST to a
viewer's event; and how late 500 timers are that end at one instant. `--only commands`
takes the least time.
"""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bench import cores, measures
from bench.figures import PEER, PRODUCT, Figures, Row
from bench.measures import IN_PRODUCTION, Recorder, Size
from bench.report import comparison
from bench.rows import rows
from bench.servers import PRODUCTION
from bench.stage import Show, Stage

_EVENTS = (
    Row("event_median", "POST to a viewer's event, median (ms)"),
    Row("event_p99", "POST to a viewer's event, p99 (ms)"),
)
_MEASURES: dict[str, Callable[[Show, Size, Recorder], object]] = {
    "commands": lambda show, size, record: measures.measure_commands(
        show, size.commands, record
    ),
    "at-once": lambda show, size, record: measures.measure_at_once(
        show, size.at_once, size.bursts, record
    ),
    "events": lambda show, size, record: measures.measure_latency(
        show, size.commands, record
    ),
    "finishes": lambda show, size, record: measures.measure_finishes(
        show, size.finishes, record
    ),
    "idle": measures.measure_running_timers,
}
# An idle worker is watched for a while, which is for whoever asks for it.
_BY_DEFAULT = ("commands", "at-once", "events", "finishes")
_IN_PRODUCTION = ("commands", "at-once")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    options = _parse(arguments)
    servers = {PRODUCT: PRODUCT}
    if options.production:
        servers[PRODUCTION] = PRODUCT
    if options.peer:
        servers[PEER] = PEER
    figures, size = Figures(), replace(Size(), commands=options.commands)
    with cores.pinned(cores.LOAD), Stage(size.warm_commands) as stage:
        for _ in range(options.rounds):
            for server, column in servers.items():
                prefix, names = "", options.only
                if server == PRODUCTION:
                    prefix, names = IN_PRODUCTION, set(names) & set(_IN_PRODUCTION)
                record = Recorder(figures, column, prefix)
                _measure(stage, server, names, size, record)
    columns = list(dict.fromkeys(servers.values()))
    print(comparison(figures, [*rows(size), *_EVENTS], columns).as_text())
    if stage.disturbed:
        print(f"{stage.disturbed} starts on a busy machine")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.commands", description=__doc__)
    parser.add_argument("--peer", action="store_true", help="the peer as well")
    parser.add_argument(
        "--production",
        action="store_true",
        help="the product with limits of rates and logs of requests as well",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commands", type=int, default=1000, help="in each round")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=_MEASURES,
        default=_BY_DEFAULT,
        help="what to measure; all but `idle` by default",
    )
    return parser.parse_args(arguments)


def _measure(
    stage: Stage, server: str, names: Collection[str], size: Size, record: Recorder
) -> None:
    # In the same order whatever the order of the names.
    chosen = [measure for name, measure in _MEASURES.items() if name in names]
    if not chosen:
        return
    with stage.server(server) as show:
        for measure in chosen:
            measure(show, size, record)


if __name__ == "__main__":
    sys.exit(main())
