"""A real Chromium, and what its pages complained of."""

import shutil
import subprocess
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.environment import child_environment
from tests.support.javascript import node_program
from tests.support.waiting import patient, patient_ms

# How Chromium begins to tell of requests that failed.
FAILED_REQUESTS = ("Failed to load resource:", "WebSocket connection to")

_FOLDER = Path(__file__).with_name("chromium")
_PRINT_PATH = (
    "import('@sparticuz/chromium')"
    ".then(({ default: chromium }) => chromium.executablePath())"
    ".then((path) => console.log(path))"
)
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_program() -> str:
    """Return Chromium: the machine's, or else the one of `make test`."""
    found = shutil.which("chromium")
    if found is not None:
        return found
    run = subprocess.run(
        [node_program(), "-e", _PRINT_PATH],
        check=True,
        capture_output=True,
        cwd=_FOLDER,
        env=child_environment(Path.home()),
        text=True,
        timeout=patient(30),
    )
    return run.stdout.strip()


class Chromium:
    """A browser, as a context manager."""

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        self.browser: Browser = self._playwright.chromium.launch(
            executable_path=chromium_program(), args=list(_ARGUMENTS)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self._playwright.stop()


class Person:
    """Somebody with a browser of their own: its storage, its pages, its complaints.

    Attributes:
        complaints: errors on the console, uncaught exceptions and violations of the
            Content-Security-Policy, which Chromium reports there as well.
    """

    def __init__(self, browser: Browser, base_url: str, **options: object) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self._expected: tuple[str, ...] = ()
        self.context: BrowserContext = browser.new_context(
            base_url=base_url,
            **{"locale": "en-GB", "viewport": {"width": 1366, "height": 768}} | options,
        )
        self.context.set_default_timeout(patient_ms(15_000))

    def open(self, path: str) -> Page:
        """Open a page in a tab of its own."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def expect_complaints(self, *words: str) -> None:
        """Have complaints with any of these words expected, whenever they come."""
        self._expected += words

    def unexpected_complaints(self) -> list[str]:
        """Return the complaints with none of the words that were to be expected."""
        return [
            complaint
            for complaint in self.complaints
            if not any(word in complaint for word in self._expected)
        ]

    def close(self) -> None:
        """Close all tabs."""
        self.context.close()

    def _hear(self, message: object) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
