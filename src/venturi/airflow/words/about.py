"""The words that tell of the installation: `version`, `info`, `config …`, `providers …`, `plugins`, `cheat-sheet`."""

from __future__ import annotations

from . import OUT, Command

_PARTS = (
    *("auth", "behaviours", "configs", "executors", "hooks", "lazy-loaded", "links", "logging", "notifications"),
    *("secrets", "triggers", "widgets"),
)
_READ_LATE = "What a provider package holds is known when it is imported; which there are: airflow providers list."
_PODS = "Venturi starts no pods of its own; pods that tasks start are theirs."

ROWS = (
    Command("version", "about.version", "venturi --version"),
    Command("info", "about.info", "venturi status", OUT, "--anonymize --file-io"),
    Command("cheat-sheet", "about.cheat_sheet", "venturi --help"),
    Command("config get-value", "about.setting", "a setting as DAG files see it", "section option"),
    Command(
        "config list",
        "about.settings",
        "the settings as DAG files see them",
        "--section=NAME",
        "-d|--include-descriptions -e|--include-examples -s|--include-sources -V|--include-env-vars "
        "-c|--comment-out-everything -p|--exclude-providers -a|--defaults --show-values --hide-sensitive",
        once="config",
    ),
    Command(
        "config lint", "An airflow.cfg is read for what DAG files ask of it alone; there is nothing to lint.", status=0
    ),
    Command("config update", "An airflow.cfg stays as it is; Venturi's own settings are in venturi.toml of the home."),
    Command("providers list", "about.providers", "the provider packages of this environment", OUT),
    Command("providers get", "about.provider", "the same of one", f"provider_name {OUT}", "-f|--full"),
    *(Command(f"providers {part}", _READ_LATE) for part in _PARTS),
    Command("plugins", "about.plugins", "the plugins that DAG files see", OUT),
    Command("kubernetes cleanup-pods", _PODS),
    Command("kubernetes generate-dag-yaml", _PODS, once="generate_pod_template"),
)
