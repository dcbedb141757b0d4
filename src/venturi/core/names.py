"""Fixed names that both sides use; apart from `spec`, so that an author's import stays free of dataclasses."""

DEFAULT_POOL = "default_pool"
RETURN_KEY = "return_value"  # the key of what a task returned
MODULE_OF_A_FILE = "unusual_prefix_"  # begins the name of the module that a DAG file is; the form is Airflow's
