# Venturi in a container: one process tree, no database server beside it.
#
#   docker build -t venturi .
#   docker run -d -p 127.0.0.1:8080:8080 -v "$PWD/dags:/usr/local/airflow/dags" venturi webserver
#   docker logs CONTAINER     shows a link that signs in once
#
# It speaks plain HTTP and believes what a proxy says (VENTURI_BEHIND_PROXY): publish the port to this machine alone, as
# above, or put something in front of it that speaks TLS. Or give it a certificate: VENTURI_TLS_CERT, VENTURI_TLS_KEY.
#
# BASE is any Debian or Ubuntu with Python 3.10 or newer; with podman: podman build --format docker (for the health check).
ARG BASE=docker.io/library/python:3.12-slim

FROM ${BASE} AS build
# Debian's own python3 cannot make environments before it has this package; python.org's images can.
RUN python3 -c "import ensurepip" 2>/dev/null \
    || (apt-get -qq update && apt-get -qq install -y --no-install-recommends python3-venv)
COPY pyproject.toml hatch_build.py README.md LICENSE CHANGELOG.md ARCHITECTURE.md /src/
COPY ui /src/ui
COPY src /src/src
RUN python3 -m venv /opt/venturi && /opt/venturi/bin/pip install --no-cache-dir "/src[postgres]" \
    && /opt/venturi/bin/venturi airflow --install-command

FROM ${BASE}
# What the health checks of Airflow's compose files are written with.
RUN command -v curl >/dev/null \
    || (apt-get -qq update && apt-get -qq install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*)
COPY --from=build /opt/venturi /opt/venturi
COPY scripts/image_entrypoint.sh /entrypoint
# 50000:0 is Airflow's user; any other id works too (AIRFLOW_UID), so what is written to is open to group 0, and /state to
# all. /usr/local/airflow is where older images had it. /requirements.txt, when one is mounted, is that of dags/.
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --shell /bin/bash --no-create-home airflow \
    && mkdir -p /opt/airflow/dags /opt/airflow/logs /opt/airflow/plugins /state \
    && ln -s /opt/airflow /usr/local/airflow \
    && ln -s /requirements.txt /opt/airflow/requirements.txt \
    && chown -R 50000:0 /opt/airflow && chmod -R g+rwX /opt/airflow && chmod 1777 /state && chmod 755 /entrypoint \
    && chmod g+w /etc/passwd
ENV PATH=/opt/venturi/bin:$PATH \
    HOME=/opt/airflow \
    AIRFLOW_HOME=/opt/airflow \
    VENTURI_HOME=/state/venturi \
    VENTURI_HOST=0.0.0.0 \
    VENTURI_BEHIND_PROXY=1 \
    VENTURI_HEALTH_PORT=8974 \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1
WORKDIR /opt/airflow
USER 50000:0
EXPOSE 8080
VOLUME /state
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/entrypoint", "health"]
ENTRYPOINT ["/entrypoint"]
CMD ["standalone"]
