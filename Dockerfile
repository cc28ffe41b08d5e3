# syntax=docker/dockerfile:1
# The production image: no embedded PostgreSQL, no test tools, nobody is root.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=0
RUN python -m venv /opt/portal/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/portal/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.txt
COPY manage.py /opt/portal/app/
COPY portal /opt/portal/app/portal
COPY patients /opt/portal/app/patients
COPY bookings /opt/portal/app/bookings
COPY referrals /opt/portal/app/referrals
COPY crm_import /opt/portal/app/crm_import
COPY interop /opt/portal/app/interop
COPY deploy /opt/portal/app/deploy
WORKDIR /opt/portal/app
# collectstatic touches no database and no secret; the values only satisfy the settings.
RUN DATABASE_URL=postgres://build@localhost/build SECRET_KEY=only-while-building-the-image \
    ALLOWED_HOSTS=localhost STATIC_ROOT=/opt/portal/static \
    /opt/portal/venv/bin/python manage.py collectstatic --noinput

FROM ${BASE}
RUN useradd --system --uid 10001 --home-dir /opt/portal --shell /usr/sbin/nologin portal
COPY --from=build /opt/portal /opt/portal
ENV PATH=/opt/portal/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/opt/portal/static \
    PORTAL_DATA_DIR=/var/lib/portal \
    PORT=8000
RUN install -d -o portal -g portal -m 0750 /var/lib/portal
WORKDIR /opt/portal/app
USER 10001
EXPOSE 8000
# Migrations are run on purpose, once per release: `python manage.py migrate`. Mail is sent by a
# second container of this image with the command `python manage.py worker`.
CMD ["python", "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
