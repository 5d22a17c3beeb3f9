"""`make audit` fails when it could audit nothing."""

import json
import subprocess
import sys

import pytest

from tests.support.audit import finds_vulnerabilities
from tests.support.environment import ROOT, child_environment
from tests.support.ports import free_port

FOUND = {
    "python": {"dependencies": [{"name": "jinja2", "vulns": [{"id": "PYSEC-1"}]}]},
    "node": {"vulnerabilities": {"lodash": {"severity": "critical"}}},
}
# What the auditors report, with status 0 or not, where they could find out nothing.
NOTHING = {
    "python, which skips": (
        "python",
        {"dependencies": [{"name": "jinja2", "skip_reason": "not found"}]},
    ),
    "python, of a mirror without vulnerabilities": (
        "python",
        {"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": []}]},
    ),
    "node, offline": ("node", {"vulnerabilities": {}, "metadata": {}}),
    "node, refused": ("node", {"message": "405", "error": {"summary": ""}}),
}


def auditor(report):
    """Return a command that reports this, whatever it is asked."""
    return [sys.executable, "-c", f"print({json.dumps(report)!r})"]


@pytest.mark.parametrize("kind", FOUND)
def test_an_auditor_that_finds_what_everybody_knows_is_trusted(kind):
    assert finds_vulnerabilities(kind, auditor(FOUND[kind]))


@pytest.mark.parametrize(("kind", "report"), NOTHING.values(), ids=NOTHING.keys())
def test_an_auditor_that_finds_nothing_at_all_is_not(kind, report):
    assert not finds_vulnerabilities(kind, auditor(report))


@pytest.mark.parametrize("kind", FOUND)
def test_an_auditor_that_reports_nothing_is_not(kind):
    assert not finds_vulnerabilities(kind, [sys.executable, "-c", ""])


def test_without_a_network_it_says_why_it_fails(tmp_path):
    """With the real pip-audit: where no proxy listens, nothing is reached."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.support.audit"),
            *("python", sys.executable, "-m", "pip_audit"),
        ],
        check=False,
        cwd=ROOT,
        env=child_environment(tmp_path) | {"HTTPS_PROXY": nowhere},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 1
    assert "Nothing could be audited" in run.stderr


def test_make_audit_proves_both_auditors_before_it_believes_them():
    recipe = (ROOT / "Makefile").read_text().split("\naudit:", 1)[1].split("\n\n")[0]
    python, node, *audits = recipe.splitlines()[1:]

    assert python.endswith("tests.support.audit python $(abspath $(BIN))/pip-audit")
    assert node.endswith("tests.support.audit node env $(NPM)")
    assert "--strict" in audits[0]
