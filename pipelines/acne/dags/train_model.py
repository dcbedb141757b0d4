from airflow import DAG
from airflow.operators.python_operator import PythonOperator
from airflow.utils.dates import days_ago

from img_processing.clean_up import clean_up
from s3_uploader.upload_models import upload_models
from scraper.dermnet_scrape import scrape_data
from train import train_model

default_args = {
    "owner": "acne",
    "start_date": days_ago(0),
    "concurrency": 1,
    "retries": 0,
    "depends_on_past": False,
}

with DAG(
    "CNN-Training-Pipeline",
    catchup=False,
    default_args=default_args,
    schedule_interval="@once",
    params={"epochs": 12},
    description="Scrapes pictures of acne and rosacea, trains MobileNet on them, and keeps the models in S3",
) as dag:
    t0_upload = PythonOperator(
        task_id="UploadModels",
        python_callable=upload_models,
        op_kwargs={"bucket": "{{ var.value.get('acne_bucket', '') }}"},
    )

    t1_scrape = PythonOperator(
        task_id="ScrapeData",
        python_callable=scrape_data,
        op_kwargs={"site": "{{ var.value.get('acne_site', '') }}"},
    )

    t2_cleanup = PythonOperator(
        task_id="Cleanup",
        python_callable=clean_up,
        op_kwargs={
            "folder": "{{ ti.xcom_pull(task_ids='ScrapeData') }}",
            "stamp": "{{ ts_nodash }}",
        },
    )

    t3_train = PythonOperator(
        task_id="TrainModel",
        python_callable=train_model,
        op_kwargs={
            "dataset": "{{ ti.xcom_pull(task_ids='Cleanup') }}",
            "stamp": "{{ ts_nodash }}",
            "epochs": "{{ params.epochs }}",
        },
    )

    t4_upload = PythonOperator(
        task_id="UploadModelsPostTraining",
        python_callable=upload_models,
        op_kwargs={
            "bucket": "{{ var.value.get('acne_bucket', '') }}",
            "after_training": "{{ ts_nodash }}",
        },
    )

t0_upload >> t1_scrape >> t2_cleanup >> t3_train >> t4_upload
