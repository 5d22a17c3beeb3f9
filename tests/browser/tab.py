"""A tab that can be hidden and put to sleep.

Playwright keeps its own pages visible and awake whatever happens, so this one is opened
and asked beside it, by the DevTools protocol.
"""

import json
from typing import Any, Self

from playwright.sync_api import Browser

from tests.support.waiting import wait_until


class Tab:
    """A page with a browser's storage of its own, as a context manager."""

    def __init__(self, browser: Browser) -> None:
        self._devtools = browser.new_browser_cdp_session()
        self._devtools.on("Target.receivedMessageFromTarget", self._receive)
        self._answers: dict[int, dict[str, Any]] = {}
        self._sent = 0

    def __enter__(self) -> Self:
        ask = self._devtools.send
        self._context = ask("Target.createBrowserContext")["browserContextId"]
        # Browsers with a screen ask nobody; a headless one denies what nobody granted.
        granted = {"permissions": ["wakeLockScreen"], "browserContextId": self._context}
        ask("Browser.grantPermissions", granted)
        target = {"url": "about:blank", "browserContextId": self._context}
        opened = {"targetId": ask("Target.createTarget", target)["targetId"]}
        self._session = ask("Target.attachToTarget", opened)["sessionId"]
        self._ask("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        context = {"browserContextId": self._context}
        self._devtools.send("Target.disposeBrowserContext", context)
        self._devtools.detach()

    def open(self, url: str, first: str = "") -> None:
        """Go to a page; the script `first` runs before its own."""
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=first)
        self._ask("Page.navigate", url=url)

    def hide(self) -> None:
        """Hide the page and freeze it, as a phone in a pocket does."""
        self._ask("Emulation.setFocusEmulationEnabled", enabled=False)
        self._ask("Page.setWebLifecycleState", state="frozen")

    def show(self) -> None:
        """Let the page run again, and be seen."""
        self._ask("Page.setWebLifecycleState", state="active")
        self._ask("Emulation.setFocusEmulationEnabled", enabled=True)

    def evaluate(self, expression: str) -> Any:
        """Return the expression's value."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """Wait until the expression's value is true, and return it."""
        return wait_until(lambda: self.evaluate(expression), expression)

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        number = self._sent
        message = json.dumps({"id": number, "method": method, "params": params})
        envelope = {"sessionId": self._session, "message": message}
        self._devtools.send("Target.sendMessageToTarget", envelope)

        def answered() -> bool:
            # Playwright hands out what has come while it waits for something itself.
            self._devtools.send("Browser.getVersion")
            return number in self._answers

        wait_until(answered, method)
        answer = self._answers.pop(number)
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self, event: dict[str, str]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message
