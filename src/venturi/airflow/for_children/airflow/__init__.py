"""`import airflow` in a Python that a task starts: this folder is on its path, and gives way to Venturi's importer.

Stands in nobody's environment; attempts name it in PYTHONPATH. Where the child's environment has no Venturi, only
Venturi itself is added to what it can import, and nothing else of ours.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys


def _give_way() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.join(os.path.abspath(entry), "airflow") != here]
    if importlib.util.find_spec("venturi") is None:
        ours = os.path.dirname(os.path.dirname(os.path.dirname(here)))
        spec = importlib.util.spec_from_file_location(
            "venturi", os.path.join(ours, "__init__.py"), submodule_search_locations=[ours]
        )
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        sys.modules["venturi"] = module
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    importlib.import_module("venturi.airflow.importer").install()
    importlib.import_module("airflow")


_give_way()
