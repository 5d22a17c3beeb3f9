"""gunicorn's own messages, left to the application's logging."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]


class PropagatingLogger(Logger):  # type: ignore[misc]
    """Logs to the root logger, whatever it does with it, instead of to handlers."""

    def setup(self, cfg: Any) -> None:
        """Take the level from gunicorn's settings; create no handlers."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.loglevel = self.LOG_LEVELS[cfg.loglevel]
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True

    def reopen_files(self) -> None:
        """Do nothing: there are no files."""

    def close_on_exec(self) -> None:
        """Do nothing: there are no files."""
