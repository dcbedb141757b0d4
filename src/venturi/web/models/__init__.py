"""The shapes of requests and answers, as Airflow 3's stable API has them. Hold no behaviour."""
