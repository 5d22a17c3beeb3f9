"""gunicorn's settings for the stock column: the product's, with the stock worker."""

import runpy

globals().update(runpy.run_path("gunicorn.conf.py"))

worker_class = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
logger_class = "gunicorn.glogging.Logger"
