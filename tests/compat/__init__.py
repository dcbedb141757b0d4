"""Compatibility, shown beside the real thing: what Airflow 2.11 and 3.3 make of a DAG file, and what Venturi does."""
