"""Real servers from pip wheels, each a context manager on a free port."""

from tests.support.services.nginx import Nginx
from tests.support.services.postgres import ExternalPostgres, Postgres
from tests.support.services.valkey import ExternalRedis, Valkey

__all__ = ["ExternalPostgres", "ExternalRedis", "Nginx", "Postgres", "Valkey"]
