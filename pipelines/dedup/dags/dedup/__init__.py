"""What the tasks of `jaro_dag` do, as plain functions."""
