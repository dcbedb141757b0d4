"""`python -m venturi.cli.in_connection CONN_ID`: whether what a connection names answers, by the hook of its type.

Runs in the interpreter of a bundle, so it imports the standard library and the author's side alone. Its last line is
the answer, without what is secret.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ..core.secrets import hidden, in_all_forms, of_connection
from ..sdk.connections import get_connection
from ..sdk.exceptions import AirflowNotFoundException


def tried(conn_id: str) -> dict[str, Any]:
    try:
        connection = get_connection(conn_id)
    except AirflowNotFoundException:
        return {"known": False}
    works, said = connection.test_connection()
    secrets = in_all_forms(of_connection(connection.fields()))
    return {"known": True, "works": bool(works), "said": hidden(" ".join(str(said).split()), secrets)}


if __name__ == "__main__":
    print(f"\n{json.dumps(tried(sys.argv[1]))}")
