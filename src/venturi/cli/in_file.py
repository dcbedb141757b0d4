"""`python -m venturi.cli.in_file FILE DAG WORDS…`: a command of `dag.cli()` for a DAG file that does not call it.

Runs in the interpreter of the file's bundle, so it imports the standard library and the author's side alone.
"""

from __future__ import annotations

import sys


def main(argv: list[str]) -> None:
    from ..airflow.dagbag import DagBag
    from .dagfile import main as perform

    file, dag_id, *words = argv
    bag = DagBag(file)
    dag = bag.get_dag(dag_id)
    if dag is None:
        sys.exit("\n".join(bag.import_errors.values()) or f"{file} defines no DAG '{dag_id}'.")
    perform(dag, words)


if __name__ == "__main__":
    main(sys.argv[1:])
