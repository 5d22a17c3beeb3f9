"""What the benchmark says of its aims, from figures that are made up."""

import pytest

from bench.figures import FLOOR, PEER, PRODUCT, STOCK, Figures
from bench.measures import IN_PRODUCTION, Recorder, Size
from bench.plot import draw
from bench.report import comparison, missed_aims, table
from bench.rows import rows

SIZE = Size(crowds=(1_000, 4_000))


def figures_of(**columns: dict[str, float]) -> Figures:
    figures = Figures()
    for column, values in columns.items():
        for key, value in values.items():
            figures.add(key, column, value)
    return figures


def lines(figures: Figures) -> dict[str, dict[str, str]]:
    made = table(figures, SIZE)
    return {line[0]: dict(zip(made.head, line, strict=True)) for line in made.body}


@pytest.mark.parametrize(
    ("key", "product", "peer", "missed"),
    [
        ("command_cpu", 90.0, 100.0, False),
        ("command_cpu", 91.0, 100.0, True),
        ("commands_per_second", 110.0, 100.0, False),
        ("commands_per_second", 109.0, 100.0, True),
        ("at_once", 100.0, 100.0, False),
        ("at_once", 101.0, 100.0, True),
    ],
)
def test_an_aim_is_missed_on_its_worse_side(
    key: str, product: float, peer: float, missed: bool
) -> None:
    figures = figures_of(product={key: product}, peer={key: peer})

    assert bool(missed_aims(figures, SIZE)) is missed


def test_the_table_says_on_which_side_an_aim_is() -> None:
    figures = figures_of(product={"commands_per_second": 1.0, "command_cpu": 1.0})

    assert [line["aim"] for line in lines(figures).values()] == [">= 1.1", "<= 0.9"]


@pytest.mark.parametrize("timers", [0, 1_000, 10_000])
@pytest.mark.parametrize(("product", "missed"), [(3.0, False), (3.1, True)])
def test_an_idle_worker_has_a_limit_of_its_own_whatever_the_peer_takes(
    timers: int, product: float, missed: bool
) -> None:
    key = f"running_timers_{timers}"
    alone = figures_of(product={key: product})
    beside = figures_of(product={key: product}, peer={key: 100.0})

    assert bool(missed_aims(alone, SIZE)) is missed
    assert bool(missed_aims(beside, SIZE)) is missed
    assert [line["aim"] for line in lines(alone).values()] == ["product <= 3.0"]


@pytest.mark.parametrize(("product", "missed"), [(120.0, False), (121.0, True)])
def test_the_product_in_production_is_compared_with_the_peer_as_it_is(
    product: float, missed: bool
) -> None:
    figures = figures_of(peer={"command_cpu": 100.0})
    Recorder(figures, PRODUCT, IN_PRODUCTION).add("command_cpu", product)

    line = lines(figures)["CPU per command (µs), as in production"]

    assert line[PEER] == "100"
    assert line["product / peer"] == f"{product / 100:.2f}"
    assert bool(missed_aims(figures, SIZE)) is missed


def test_a_small_crowd_has_an_aim_that_leaves_room_for_the_command() -> None:
    same = {"delivery_cpu_1000": 0.6, "delivery_cpu_4000": 0.6}
    figures = figures_of(product=same, peer=dict.fromkeys(same, 1.0))

    [missed] = missed_aims(figures, SIZE)

    assert "4 000 viewers" in missed


def test_a_line_without_the_peers_figure_has_no_ratio_and_misses_nothing() -> None:
    figures = figures_of(product={"command_cpu": 1e6})

    [line] = lines(figures).values()

    assert line["product / peer"] == "-"
    assert missed_aims(figures, SIZE) == []


def test_a_comparison_has_the_columns_and_lines_that_were_measured() -> None:
    figures = figures_of(product={"at_once": 2.0}, peer={"at_once": 4.0})

    made = comparison(figures, rows(SIZE), [PRODUCT, PEER])

    assert made.head == ("", PRODUCT, PEER, "product / peer", "aim")
    assert [line[1:] for line in made.body] == [["2.00", "4.00", "0.50", "<= 1.0"]]


def test_the_floor_is_a_measure_of_a_delivered_update() -> None:
    key = "delivery_cpu_1000"
    figures = figures_of(
        **{PRODUCT: {key: 1.5}, PEER: {key: 3.0}, STOCK: {key: 6.0}, FLOOR: {key: 1.0}}
    )

    [missed] = missed_aims(figures, SIZE)

    assert missed.endswith("1.50 of the floor, aim 1.4")
    assert list(lines(figures).values())[-1][STOCK] == "6.00"


def test_the_plot_marks_the_aims_of_the_lines_where_shorter_is_better() -> None:
    figures = figures_of(
        product={"command_cpu": 2.0, "running_timers_0": 8.0},
        peer={"command_cpu": 1.0, "running_timers_0": 2.0},
    )
    figures.add("commands_per_second", PRODUCT, 1.0)

    svg = draw(figures, SIZE, "Made up.")

    assert svg.count('class="a"') == 2
    assert "commands per second" not in svg
