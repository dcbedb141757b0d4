"""The words that start, prepare and watch the services: `webserver`, `scheduler`, `db …`, `users …`, `jobs check`."""

from __future__ import annotations

from . import OUT, Command

_DAEMON = "-D|--daemon --pid=FILE"
_LOGS = "--stdout=FILE --stderr=FILE -l|--log-file=FILE"
_SERVER = f"-p|--port=N -H|--hostname|--host=ADDRESS {_DAEMON}"
_SERVER_LEFT_OUT = f"{_LOGS} -w|--workers=N -k|--workerclass=NAME -t|--worker-timeout=SECONDS -A|--access-logfile=FILE"
_SERVER_LEFT_OUT += (
    " -E|--error-logfile=FILE -L|--access-logformat=TEXT -d|--debug|--dev --log-config=FILE --apps=NAMES"
)
_SERVER_LEFT_OUT += " --ssl-ca-file=FILE --ssl-cert-reqs=HOW --ssl-ciphers=LIST"
_TLS = "--ssl-cert=FILE --ssl-key=FILE --proxy-headers"
_UP = "venturi up"
_MIGRATE_LEFT_OUT = "--no-reserialize-dags -m|--use-migration-files"
_MIGRATE = "-r|--to-revision=ID -n|--to-version=VERSION -s|--show-sql-only --from-revision=ID --from-version=VERSION"
_WHO = "-u|--username=NAME -e|--email=ADDRESS"
_ROLES = (
    "Roles are fixed here: none, viewer, user, operator, admin; more in one DAG: venturi users grant NAME DAG ROLE."
)
_WORKERS = "There are no workers to start: `airflow scheduler` runs the tasks on this machine."
_NOTHING_ARCHIVED = "Nothing is archived here: what venturi clean removes is gone."

ROWS = (
    Command("webserver", "serving.webserver", _UP, f"{_SERVER} {_TLS}", _SERVER_LEFT_OUT),
    Command("api-server", "serving.webserver", _UP, f"{_SERVER} {_TLS}", _SERVER_LEFT_OUT),
    Command(
        "scheduler",
        "serving.scheduler",
        _UP,
        _DAEMON,
        f"{_LOGS} -n|--num-runs=N -p|--do-pickle -s|--skip-serve-logs -i|--only-idle "
        "-d|--dag-id=DAG -r|--run-duration=SECONDS",
    ),
    Command("standalone", "serving.standalone", _UP),
    Command(
        "triggerer",
        "serving.scheduler",
        _UP,
        _DAEMON,
        f"{_LOGS} --capacity=N -s|--skip-serve-logs --queues=NAMES --team-name=NAME",
    ),
    Command("dag-processor", "serving.scheduler", _UP, _DAEMON, f"{_LOGS} -n|--num-runs=N -p|--do-pickle"),
    Command("celery worker", _WORKERS, once="worker"),
    Command("celery flower", "There is no queue to watch: see venturi status.", once="flower"),
    Command("celery stop", _WORKERS),
    Command("kerberos", "Kerberos tickets are not renewed from here: let kinit do it by a timer of the system."),
    Command("internal-api", "There is no internal API to start: tasks ask through the process that started them."),
    Command("serve-logs", "Logs are files of this machine and need no server.", status=0, once="serve_logs"),
    Command(
        "jobs check",
        "serving.check_jobs",
        "venturi status",
        "--job-type=KIND --hostname=NAME --local --limit=N --allow-multiple",
    ),
    # ── the database ──
    Command("db init", "serving.database", "venturi db migrate", "", _MIGRATE_LEFT_OUT, once="initdb"),
    Command("db migrate", "serving.database", "venturi db migrate", _MIGRATE, _MIGRATE_LEFT_OUT),
    Command("db upgrade", "serving.database", "venturi db migrate", _MIGRATE, _MIGRATE_LEFT_OUT, once="upgradedb"),
    Command(
        "db check", "serving.check_database", "venturi db check", "--retry=N --retry-delay=SECONDS", once="checkdb"
    ),
    Command("db check-migrations", "serving.check_database", "venturi db check", "-t|--migration-wait-timeout=SECONDS"),
    Command(
        "db reset",
        "serving.reset",
        "venturi down --purge",
        "-y|--yes -s|--skip-init",
        _MIGRATE_LEFT_OUT,
        once="resetdb",
    ),
    Command(
        "db downgrade", "A database is not taken back to an older form; go back to a copy with: venturi restore FILE."
    ),
    Command("db shell", "serving.shell", "venturi db shell", once="shell"),
    Command(
        "db clean",
        "serving.clean",
        "venturi clean --before DATE",
        "--clean-before-timestamp=DATE --dry-run --dag-ids=NAMES -y|--yes",
        "-t|--tables=NAMES --skip-archive --batch-size=N --error-on-cleanup-failure --exclude-dag-ids=NAMES",
    ),
    Command("db export-archived", _NOTHING_ARCHIVED),
    Command("db drop-archived", _NOTHING_ARCHIVED, status=0),
    Command("fab-db migrate", "Accounts are in the same database, which the next venturi up migrates.", status=0),
    Command("fab-db reset", "Remove accounts one by one with: venturi users rm NAME."),
    Command("state-store clean", "What tasks have kept ends by itself when its time is over.", status=0),
    # ── people ──
    Command(
        "users create",
        "users.create",
        "venturi users create NAME",
        f"{_WHO} -f|--firstname=NAME -l|--lastname=NAME -r|--role=ROLE -p|--password=TEXT --use-random-password",
        once="create_user",
    ),
    Command("users list", "users.ls", "venturi users ls", OUT, once="list_users"),
    Command("users delete", "users.delete", "venturi users rm NAME", _WHO, once="delete_user"),
    Command("users add-role", "users.add_role", "venturi users set-role NAME ROLE", f"{_WHO} -r|--role=ROLE"),
    Command("users remove-role", "users.remove_role", "venturi users set-role NAME none", f"{_WHO} -r|--role=ROLE"),
    Command(
        "users reset-password",
        "users.reset_password",
        "venturi users set-password NAME",
        f"{_WHO} -p|--password=TEXT --use-random-password",
    ),
    Command("users import", "users.import_", "venturi users create NAME, for each", "file"),
    Command("users export", "users.export", "venturi users ls --json", "file"),
    Command("roles list", "users.roles", "none, viewer, user, operator, admin", OUT, "-p|--permission"),
    Command("roles create", _ROLES),
    Command("roles delete", _ROLES),
    Command("roles add-perms", _ROLES),
    Command("roles del-perms", _ROLES),
    Command("roles import", _ROLES),
    Command("roles export", _ROLES),
    Command(
        "sync-perm",
        "What a role may is part of Venturi; there is nothing to bring up to date.",
        status=0,
        once="sync_perm",
    ),
    Command("rotate-fernet-key", "serving.rotate_key", "venturi connections rotate-key", once="rotate_fernet_key"),
    Command("teams list", "There are no teams here; who may what in which DAG is said by: venturi users grant."),
    Command("teams create", "There are no teams here; who may what in which DAG is said by: venturi users grant."),
)
