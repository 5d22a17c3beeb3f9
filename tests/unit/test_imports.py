"""Imports run one way only; the contracts are in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from tests.support.environment import ROOT, child_environment


def test_no_import_breaks_a_contract(tmp_path):
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        check=False,
        cwd=ROOT,
        env=child_environment(tmp_path),
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout + run.stderr
