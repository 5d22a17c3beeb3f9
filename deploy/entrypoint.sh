#!/bin/sh
# Brings the database to the newest schema, then becomes gunicorn, so that signals reach
# it. Replicas that start together migrate one after the other: migrations/env.py takes a
# lock, and who comes later finds nothing left to do.
set -eu

flask --app wsgi db upgrade
exec gunicorn -c gunicorn.conf.py wsgi:app "$@"
