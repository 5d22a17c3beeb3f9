"""Prove that an auditor finds vulnerabilities here, before its silence is good news.

`pip-audit` skips what its service does not know, `npm audit` finds nothing offline, and
a mirror of a registry may answer without knowing a single vulnerability: all of that
ends with status 0. So each is first asked about a package whose vulnerabilities
everybody knows. Run by `make audit`, with the auditor's command as arguments:

    python -m tests.support.audit python pip-audit
    python -m tests.support.audit node npm
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Old releases that were never mended: CVE-2019-10906 and CVE-2019-10744, among others.
# They are asked about, and never installed.
_PYTHON = ("jinja2", "2.4.1")
_NODE = ("lodash", "4.17.11")

_ARGUMENTS = {
    "python": [
        *("--no-deps", "--disable-pip", "--progress-spinner=off"),
        *("--format=json", "--requirement=requirements.txt"),
    ],
    "node": ["audit", "--json"],
}
_SECONDS = 120


def finds_vulnerabilities(kind: str, auditor: Sequence[str]) -> bool:
    """Return whether the auditor knows a vulnerability of a package that has some.

    `kind` is `python` for a pip-audit and `node` for an npm; `auditor` is its command.
    """
    with tempfile.TemporaryDirectory() as folder:
        _describe_package(Path(folder))
        run = subprocess.run(
            [*auditor, *_ARGUMENTS[kind]],
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_SECONDS,
        )
    try:
        return _has_findings(kind, json.loads(run.stdout))
    except ValueError:
        return False


def _describe_package(folder: Path) -> None:
    (folder / "requirements.txt").write_text("==".join(_PYTHON) + "\n")
    name, version = _NODE
    package = {"name": "audited", "version": "1.0.0", "dependencies": {name: version}}
    installed = {"": package, f"node_modules/{name}": {"version": version}}
    lock = {**package, "lockfileVersion": 3, "packages": installed}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "package-lock.json").write_text(json.dumps(lock))


def _has_findings(kind: str, report: dict[str, Any]) -> bool:
    if kind == "node":
        return bool(report.get("vulnerabilities"))
    return any(package.get("vulns") for package in report.get("dependencies", []))


if __name__ == "__main__":
    _, kind, *auditor = sys.argv
    if not finds_vulnerabilities(kind, auditor):
        sys.exit(
            f"Nothing could be audited: {auditor[-1]} finds no vulnerability in a "
            "package that has some. Is there a network, and does its registry tell?"
        )
