"""Files of our own, each in the spelling of two generations: as it stands (2.x, 1.10), and as a file of 3.x.

Owns the spellings. What a real Airflow made of each is kept in recorded.json, so that `make test` needs no Airflow.
"""

from __future__ import annotations

from pathlib import Path

from .obtaining import Example, content_of

HERE = Path(__file__).parent / "files"

_THREE = {
    "airflow.models.baseoperator": "airflow.sdk",
    "airflow.models.param": "airflow.sdk",
    "airflow.utils.trigger_rule": "airflow.sdk",
    "airflow.utils.task_group": "airflow.sdk",
    "airflow.utils.edgemodifier": "airflow.sdk",
    "airflow.decorators": "airflow.sdk",
    "airflow.exceptions": "airflow.sdk.exceptions",
    "airflow.operators.bash": "airflow.providers.standard.operators.bash",
    "airflow.operators.empty": "airflow.providers.standard.operators.empty",
    "airflow.operators.python": "airflow.providers.standard.operators.python",
    "airflow.operators.latest_only": "airflow.providers.standard.operators.latest_only",
    "airflow": "airflow.sdk",
}


def write_out(folder: Path) -> dict[str, list[Example]]:
    """By the Airflow that each is compared with."""
    found: dict[str, list[Example]] = {"2.11": [], "3.3": []}
    for file in sorted(HERE.glob("*.py")):
        for version, text in _spellings(file):
            place = folder / version / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            found[version].append(Example(f"own/{version}/{file.name}", place, [], content_of(place)))
    return found


def _spellings(file: Path) -> list[tuple[str, str]]:
    text = file.read_text()
    if file.stem.endswith("_one"):
        return [("2.11", text)]
    if file.stem.endswith("_three"):
        return [("3.3", text)]
    three = text
    for two, its_three in _THREE.items():
        three = three.replace(f"from {two} import", f"from {its_three} import")
    return [("2.11", text), ("3.3", three)]
