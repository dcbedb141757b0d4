"""The routes of `/api/venturi/v1`: what Airflow's API has no word for. Packed forms, live events, why, metrics."""
