"""What an author's `import venturi` may load."""

import subprocess
import sys

import venturi

_THIRD_PARTY = """
import sys
before = set(sys.modules)
{}
import sysconfig
places = {{sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]}}
files = {{n: getattr(sys.modules[n], "__file__", None) or "" for n in set(sys.modules) - before}}
print(sorted(n for n, file in files.items() if not n.startswith("venturi") and file.startswith(tuple(places))))
"""


def loads(statement):
    done = subprocess.run(
        [sys.executable, "-c", _THIRD_PARTY.format(statement)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_authors_side_loads_only_the_standard_library():
    names = ", ".join(venturi.__all__)
    assert loads(f"from venturi import {names}") == "[]"
    assert loads("import venturi.sdk.describe, venturi.sdk.running, venturi.airflow.importer, venturi.sdk.logs") == "[]"


def test_a_plain_import_loads_no_module_of_ours():
    done = subprocess.run(
        [sys.executable, "-c", "import venturi, sys; print([m for m in sys.modules if m.startswith('venturi.')])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_every_promised_name_is_there():
    for name in venturi.__all__:
        assert getattr(venturi, name) is not None
