# The server alone; docker-compose.yml adds what it needs in production.

FROM python:3.11-slim AS packages

RUN python -m venv /opt/packages
ENV PATH=/opt/packages/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt


FROM node:24-slim AS pages

WORKDIR /build
COPY app app
RUN cd app/web/frontend && npm ci --no-audit --no-fund && npm run build


FROM python:3.11-slim

RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin timer
COPY --from=packages /opt/packages /opt/packages

WORKDIR /srv/live-timer
COPY wsgi.py gunicorn.conf.py ./
COPY app app
COPY --from=pages /build/app/web/static/build app/web/static/build
COPY migrations migrations
COPY deploy/entrypoint.sh deploy/healthcheck.py deploy/
# The code stays root's, so that the server cannot change it.
RUN python -m compileall -q app migrations wsgi.py

ENV PATH=/opt/packages/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    APP_ENV=production \
    PORT=3000
USER timer
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["deploy/entrypoint.sh"]
