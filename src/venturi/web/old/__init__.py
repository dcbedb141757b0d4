"""The routes of `/api/v1`, for clients of Airflow 2.x: what these use most, said by the routes of `/api/v2`."""
