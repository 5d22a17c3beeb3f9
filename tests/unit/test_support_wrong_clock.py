"""A process whose clock is wrong has a wrong clock, and nothing else is wrong in it."""

import json
import subprocess
import sys
import time

import pytest

from tests.support.environment import ROOT, child_environment
from tests.support.waiting import patient

TELL = """
import json, os, sys, time
from datetime import UTC, datetime

def tell():
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "now": datetime.now(UTC).timestamp(),
        "local now": datetime.now().timestamp(),
        "utcnow": datetime.utcnow().replace(tzinfo=UTC).timestamp(),
    }

told = {"itself": tell(), "monotonic": time.monotonic(), "argv": sys.argv[1:]}
told["is a datetime"] = isinstance(datetime.fromisoformat("2026-01-01"), datetime)
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, json.dumps(tell()).encode())
    os._exit(0)
told["child"] = json.loads(os.read(reading, 10_000))
os.wait()
print(json.dumps(told))
"""


@pytest.mark.parametrize("ahead", [5, -5, 3600])
def test_a_process_and_its_children_live_at_another_time(tmp_path, ahead):
    (tmp_path / "teller.py").write_text(TELL)
    wrong_clock = ["-W", "ignore", "-m", "tests.support.wrong_clock", str(ahead)]
    begun = time.monotonic(), time.time()  # noqa: TID251 - what is compared with

    run = subprocess.run(
        [sys.executable, *wrong_clock, "teller", "an", "argument"],
        check=True,
        cwd=ROOT,
        env=child_environment(tmp_path) | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=patient(10),
    )

    ended = time.monotonic(), time.time()  # noqa: TID251
    told = json.loads(run.stdout)
    for process in ("itself", "child"):
        for name, at in told[process].items():
            assert begun[1] <= at - ahead <= ended[1], (process, name)
    assert begun[0] <= told["monotonic"] <= ended[0]
    assert told["argv"] == ["an", "argument"]
    assert told["is a datetime"]
