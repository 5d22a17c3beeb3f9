"""What gunicorn loads: `app`, with the standard library patched for gevent first."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - after patching, like everything below

from psycopg2.extensions import set_wait_callback  # noqa: E402

from app import create_app  # noqa: E402
from app.config import InvalidSettingsError, Settings, load  # noqa: E402
from app.db.engine import wait_for_postgres  # noqa: E402

set_wait_callback(wait_for_postgres)


def _settings() -> Settings:
    try:
        return load()
    except InvalidSettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


app = create_app(_settings())
