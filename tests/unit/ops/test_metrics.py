"""What Prometheus reads is what happened, over all workers."""

import subprocess
import sys

import pytest
from flask import Flask, abort
from prometheus_client.parser import text_string_to_metric_families

from app.ops import metrics
from tests.support.environment import ROOT, child_environment

# Workers with 1, 2 and 4 viewers; the first one dies, the last one answers.
WORKERS = """
from multiprocessing import get_context
from prometheus_client import multiprocess

def work(viewers):
    from app.ops import metrics
    metrics.set_viewers(viewers)
    metrics.set_redis_connected(viewers > 2)
    metrics.set_loop_lag(viewers / 10)
    metrics.set_clock_offset(-viewers)
    metrics.count_broadcast("timer-update", viewers)
    return metrics

if __name__ == "__main__":
    for viewers in (1, 2):
        worker = get_context("fork").Process(target=work, args=(viewers,))
        worker.start()
        worker.join()
        if viewers == 1:
            multiprocess.mark_process_dead(worker.pid)
    print(work(4).render()[0].decode())
"""


@pytest.fixture
def client():
    app = Flask(__name__)
    metrics.init_app(app)

    @app.route("/things/<name>", endpoint="things.show", methods=["GET", "POST", "PUT"])
    def show(name):
        abort(int(name)) if name.isdigit() else None
        return name

    return app.test_client()


@pytest.fixture
def change():
    """Tells by how much a sample has grown since the test began."""
    before = samples()

    def grown(name, **labels):
        key = (name, *sorted(labels.items()))
        return samples().get(key, 0) - before.get(key, 0)

    return grown


def samples(text=None):
    text = metrics.render()[0].decode() if text is None else text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_request_is_counted_and_timed_by_its_template(client, change):
    client.get("/things/one")
    client.get("/things/two")

    labels = {"method": "GET", "route": "/things/<name>"}
    assert change("live_timer_http_requests_total", status="200", **labels) == 2
    assert change("live_timer_http_request_seconds_count", **labels) == 2


def test_invented_methods_and_paths_make_no_series_of_their_own(client, change):
    client.open("/nowhere/1", method="BREW")
    client.open("/nowhere/2", method="STEEP")

    labels = {"method": "other", "route": "(none)", "status": "404"}
    assert change("live_timer_http_requests_total", **labels) == 2


@pytest.mark.parametrize(
    ("path", "outcome"),
    [("/things/a", "accepted"), ("/things/409", "refused"), ("/things/503", "failed")],
)
def test_a_command_is_counted_by_what_became_of_it(client, change, path, outcome):
    client.post(path)
    client.get(path)

    labels = {"command": "things.show", "outcome": outcome}
    assert change("live_timer_commands_total", **labels) == 1


def test_a_broadcast_counts_once_and_for_each_receiver(change):
    metrics.count_broadcast("timer-update", 30)
    metrics.count_broadcast("timer-update", 0)

    assert change("live_timer_broadcasts_total", event="timer-update") == 2
    assert change("live_timer_broadcast_deliveries_total", event="timer-update") == 30


def test_a_dropped_broadcast_is_counted(change):
    metrics.count_dropped_broadcasts(3)

    assert change("live_timer_broadcasts_dropped_total") == 3


def test_a_finish_falls_into_the_bucket_of_its_lateness(change):
    metrics.observe_finish(0)
    metrics.observe_finish(5)
    metrics.observe_finish(6)
    metrics.observe_finish(9000)

    name = "live_timer_finish_lateness_milliseconds"
    assert change(f"{name}_bucket", le="1.0") == 1
    assert change(f"{name}_bucket", le="5.0") == 2
    assert change(f"{name}_bucket", le="3000.0") == 3
    assert change(f"{name}_count") == 4


def test_gauges_show_the_latest_value():
    metrics.set_viewers(12)
    metrics.set_redis_connected(True)
    metrics.set_loop_lag(0.25)
    metrics.set_clock_offset(-5.25)

    now = samples()
    assert now[("live_timer_viewers",)] == 12
    assert now[("live_timer_redis_away_workers",)] == 0
    assert now[("live_timer_loop_lag_seconds",)] == 0.25
    assert now[("live_timer_clock_offset_seconds",)] == -5.25


def test_the_content_type_is_prometheus_own():
    _, content_type = metrics.render()

    assert content_type.startswith("text/plain; version=")


def test_any_worker_answers_for_all_that_live(tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    environment = child_environment(tmp_path) | {
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    (tmp_path / "workers.py").write_text(WORKERS)

    run = subprocess.run(
        [sys.executable, tmp_path / "workers.py"],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )

    seen = samples(run.stdout)
    event = ("event", "timer-update")
    assert seen[("live_timer_broadcast_deliveries_total", event)] == 7
    assert seen[("live_timer_viewers",)] == 6
    assert seen[("live_timer_redis_away_workers",)] == 1
    assert seen[("live_timer_loop_lag_seconds",)] == 0.4
    assert seen[("live_timer_clock_offset_seconds",)] == -4
