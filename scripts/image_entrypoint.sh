#!/bin/sh
# What the image does for a command. Those that Airflow's images know mean the same here:
#
#   webserver, standalone   all of Venturi, on port 8080
#   scheduler, triggerer    part of webserver; alone, all of Venturi; beside it (the same /state), it stands by
#   init                    folders for AIRFLOW_UID, as root; there is no database to prepare
#   version, health, bash   …; any other command is one of `venturi`, or a program
set -eu

dags=/opt/airflow/dags
port=${VENTURI_PORT:-8080}

say() { echo "venturi: $*" >&2; }

prepare() {
    if ! id -un >/dev/null 2>&1 && [ -w /etc/passwd ]; then
        echo "default:x:$(id -u):0:default:/opt/airflow:/bin/bash" >> /etc/passwd # programs ask who they are
    fi
    if ! mkdir -p "$VENTURI_HOME" 2>/dev/null || [ ! -w "$VENTURI_HOME" ]; then
        say "$VENTURI_HOME belongs to user $(stat -c %u "$VENTURI_HOME" 2>/dev/null || echo '?'), not to $(id -u):" \
            "run with that AIRFLOW_UID, or remove the volume."
        exit 1
    fi
    # Logs and plugins are where Airflow has them, so that mounts of them are honoured.
    if [ ! -e "$VENTURI_HOME/logs" ]; then
        if [ -w /opt/airflow/logs ]; then
            ln -sfn /opt/airflow/logs "$VENTURI_HOME/logs"
        else
            say "/opt/airflow/logs cannot be written to by user $(id -u): logs are in $VENTURI_HOME/logs."
        fi
    fi
    [ -e "$VENTURI_HOME/plugins" ] || ln -sfn /opt/airflow/plugins "$VENTURI_HOME/plugins"
    # With a /requirements.txt all of dags/ is one bundle; without, each project in it may have its own.
    [ ! -e /requirements.txt ] || dags=/opt/airflow
}

# Who comes in from outside has an account: that of _AIRFLOW_WWW_USER_USERNAME and _AIRFLOW_WWW_USER_PASSWORD, else one
# that a link in this log signs in to.
account() {
    scheme=http
    [ -z "${VENTURI_TLS_CERT:-}" ] || scheme=https
    /opt/venturi/bin/python -m venturi.web.first_account "$scheme://localhost:$port"
}

standing_by() {
    say "the scheduler is part of webserver here. This container stands by, and starts all if nobody else has."
    child=
    /opt/venturi/bin/python -m venturi.web.health_port "${VENTURI_HEALTH_PORT:-8974}" & beside=$!
    trap 'trap - TERM INT; kill -TERM "$beside" $child 2>/dev/null || true; wait; exit 0' TERM INT
    while :; do
        sleep 15 & child=$!
        wait "$child"
        /opt/venturi/bin/python -m venturi.web.first_account 2>/dev/null || true
        venturi up --port "$port" --dags "$dags" 2>/dev/null & child=$!
        wait "$child"
    done
}

init() {
    for folder in dags logs plugins; do
        if ! mkdir -p "/opt/airflow/$folder" 2>/dev/null; then
            say "/opt/airflow/$folder cannot be made by user $(id -u)."
            exit 1
        fi
        # What docker has made for a mount is root's; what is yours stays as it is.
        if [ "$(id -u)" = 0 ] && [ "$(stat -c %u "/opt/airflow/$folder")" = 0 ]; then
            chown "${AIRFLOW_UID:-50000}:0" "/opt/airflow/$folder"
        fi
    done
    say "there is nothing to initialise: the database is made at the first start. Next: docker compose up"
}

old= # whether Airflow's own command was named, whose words are another's
[ "${1:-}" != airflow ] || { old=airflow; shift; }
case ${1:-standalone} in
    webserver | standalone | api-server)
        prepare
        account
        exec venturi up --port "$port" --dags "$dags"
        ;;
    scheduler | triggerer | dag-processor | worker)
        prepare
        standing_by
        ;;
    init | initdb | upgradedb | db) init ;;
    version) exec venturi --version ;;
    health)
        exec python3 -c '
import json, sys, urllib.request
found = json.load(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/health", timeout=4))
sys.exit(found["scheduler"]["status"] != "healthy")' "$port" 2>/dev/null
        ;;
    bash | sh | python | python3 | pip | /*) exec "$@" ;;
    *) exec venturi $old "$@" ;;
esac
