"""The lines of the table, in their order, with the aims."""

from dataclasses import replace

from bench.figures import Row
from bench.measures import IN_PRODUCTION, Size

_DELIVERY_AIM, _LAST_AIM, _NO_WORSE = 0.55, 0.6, 1.0
# Each delivery costs its share of the command, which weighs where few are told.
_SMALL_CROWD, _SMALL_DELIVERY_AIM = 1_000, 0.65
_IDLE_LIMIT = 3.0
FLOOR_AIM = 1.4
"""How many times the floor's CPU a delivered update of the product may cost."""


def rows(size: Size) -> list[Row]:
    """Return the lines for what a run of this size measures."""
    lines: list[Row] = []
    for count in size.crowds:
        lines += _crowd_rows(count)
    lines += [_watching_row(size.crowds[-1]), *_COMMANDS, *_IN_PRODUCTION]
    return [*lines, *map(_idle_row, size.timers), *_FINISHES]


def two_worker_rows(size: Size) -> list[tuple[Row, str]]:
    """Return the lines for two workers, each with the key for one worker."""
    count = size.crowds[-1]
    return [
        (Row(f"{row.key}_two_workers", f"{row.label}, two workers"), row.key)
        for row in _crowd_rows(count)
        if row.key.startswith(("delivery_cpu", "to_last"))
    ]


def _crowd_rows(count: int) -> list[Row]:
    viewers = f"{count:,} viewers".replace(",", " ")
    small = count <= _SMALL_CROWD
    return [
        Row(
            f"delivery_cpu_{count}",
            f"CPU per delivered update, {viewers} (µs)",
            _SMALL_DELIVERY_AIM if small else _DELIVERY_AIM,
        ),
        Row(f"fan_out_cpu_{count}", f"the same without its command, {viewers} (µs)"),
        Row(f"to_median_{count}", f"POST to the median viewer, {viewers} (ms)"),
        Row(f"to_last_{count}", f"POST to the last viewer, {viewers} (ms)", _LAST_AIM),
        Row(
            f"joins_per_second_{count}",
            f"joins per second, up to {viewers}",
            more_is_better=True,
        ),
        Row(f"join_cpu_{count}", f"CPU per join, up to {viewers} (µs)", _NO_WORSE),
        Row(f"viewer_memory_{count}", f"memory per viewer, {viewers} (kB)", _NO_WORSE),
    ]


_COMMANDS = (
    Row(
        "commands_per_second",
        "commands per second, one connection",
        1.1,
        more_is_better=True,
    ),
    Row("command_cpu", "CPU per command (µs)", 0.9),
    Row("command_median", "time of a command, median (ms)", 0.9),
    Row("command_p99", "time of a command, p99 (ms)", 0.6),
    Row("at_once", "200 commands at once on one room, all answered (ms)", _NO_WORSE),
)

_FINISHES = (
    Row(
        "finish_median",
        "500 finishes at one instant: late at the viewer, median (ms)",
        0.7,
    ),
    Row("finish_p99", "500 finishes at one instant, p99 (ms)"),
    Row("finish_max", "500 finishes at one instant, last (ms)", 0.9),
)

_PRODUCTION_AIMS = {"command_cpu": 1.2}
_IN_PRODUCTION = tuple(
    replace(
        row,
        key=IN_PRODUCTION + row.key,
        label=f"{row.label}, as in production",
        aim=_PRODUCTION_AIMS.get(row.key),
        peer_key=row.key,
    )
    for row in _COMMANDS
)


def _watching_row(count: int) -> Row:
    viewers = f"{count:,} viewers".replace(",", " ")
    return Row(f"idle_viewers_{count}", f"CPU of {viewers} who only watch (ms/s)")


def _idle_row(count: int) -> Row:
    timers = f"{count:,} running timers".replace(",", " ")
    label = f"CPU of {timers}, nothing happens (ms/s)"
    return Row(f"running_timers_{count}", label, limit=_IDLE_LIMIT)
