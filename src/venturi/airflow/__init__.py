"""The compatibility layer: the table of Airflow names, the importer that serves it, and what only Airflow spells so."""

VERSION = "3.3.2"  # what `airflow.__version__` says; the one place that says it
