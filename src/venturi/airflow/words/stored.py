"""The words about what is kept for DAG files: `connections …`, `variables …`, `pools …`; of 1.10 by options."""

from __future__ import annotations

from . import OUT, Command

_PARTS = "--conn-type=TYPE --conn-description=TEXT --conn-host=HOST --conn-login=NAME --conn-password=TEXT"
_PARTS += " --conn-schema=NAME --conn-port=PORT --conn-extra=JSON"
_GIVEN = f"--conn-uri=URI --conn-json=JSON {_PARTS}"
_VALUES = "--show-values --hide-sensitive"

ROWS = (
    Command(
        "connections list", "connections.ls", "venturi connections ls", f"--conn-id=NAME --show-values {OUT}", _VALUES
    ),
    Command("connections get", "connections.get", "venturi connections get NAME", f"conn_id {OUT}"),
    Command("connections add", "connections.add", "venturi connections set NAME URI", f"conn_id {_GIVEN}"),
    Command("connections delete", "connections.delete", "venturi connections rm NAME", "conn_id"),
    Command("connections import", "connections.import_", "venturi connections import FILE", "file --overwrite"),
    Command(
        "connections export",
        "connections.export",
        "a file with what is secret in it, for your eyes only",
        "file --format=json,yaml,env --file-format=json,yaml,env --serialization-format=uri,json",
    ),
    Command("connections test", "connections.test", "venturi connections test NAME", "conn_id"),
    Command(
        "connections create-default-connections",
        "There are no default connections here, and none are needed; define yours with: venturi connections set.",
        status=0,
    ),
    Command(
        "connections",
        "connections.by_options",
        "venturi connections",
        f"-l|--list -a|--add -d|--delete --conn-id=NAME {_GIVEN}",
        "--output=FORMAT",
    ),
    Command("variables list", "variables.ls", "venturi variables ls", f"--show-values {OUT}", _VALUES),
    Command("variables get", "variables.get", "venturi variables get KEY", "key -j|--json -d|--default=VALUE"),
    Command(
        "variables set", "variables.set_", "venturi variables set KEY VALUE", "key value --description=TEXT -j|--json"
    ),
    Command("variables delete", "variables.delete", "venturi variables rm KEY", "key"),
    Command(
        "variables import",
        "variables.import_",
        "venturi variables import FILE",
        "file -a|--action-on-existing-key=overwrite,fail,skip",
    ),
    Command("variables export", "variables.export", "a file with their values, for your eyes only", "file"),
    Command(
        "variables",
        "variables.by_options",
        "venturi variables",
        "-s|--set=KEY:VALUE -g|--get=KEY -x|--delete=KEY -i|--import=FILE -e|--export=FILE -j|--json "
        "-d|--default=VALUE",
    ),
    Command("pools list", "pools.ls", "venturi pools ls", OUT),
    Command("pools get", "pools.get", "venturi pools ls", f"pool {OUT}"),
    Command(
        "pools set",
        "pools.set_",
        "venturi pools set NAME SLOTS",
        f"pool slots description --include-deferred {OUT}",
        "--team-name=NAME",
    ),
    Command("pools delete", "pools.delete", "venturi pools rm NAME", f"pool {OUT}"),
    Command("pools import", "pools.import_", "venturi airflow --import pools=FILE", "file"),
    Command("pools export", "pools.export", "venturi pools ls --json", "file"),
    Command(
        "pool",
        "pools.by_options",
        "venturi pools",
        "-s|--set=NAME:SLOTS:TEXT -g|--get=NAME -x|--delete=NAME -i|--import=FILE -e|--export=FILE",
        "--output=FORMAT",
    ),
)
