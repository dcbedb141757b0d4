"""Old names of what is in the Google provider wheel."""

from .rows import Moved

# (module under `airflow.providers`; old modules under `airflow`; names, `Old=New` where they differ)
MOVED: list[Moved] = [
    (
        "google.cloud.hooks.bigquery",
        "contrib.hooks.bigquery_hook",
        "BigQueryBaseCursor BigQueryConnection BigQueryCursor BigQueryHook",
    ),
    ("google.cloud.hooks.bigtable", "contrib.hooks.gcp_bigtable_hook", "BigtableHook"),
    ("google.cloud.hooks.cloud_build", "contrib.hooks.gcp_cloud_build_hook", "CloudBuildHook"),
    (
        "google.cloud.hooks.cloud_sql",
        "contrib.hooks.gcp_sql_hook",
        "CloudSqlDatabaseHook=CloudSQLDatabaseHook CloudSqlHook=CloudSQLHook",
    ),
    (
        "google.cloud.hooks.cloud_storage_transfer_service",
        "contrib.hooks.gcp_transfer_hook",
        "GCPTransferServiceHook=CloudDataTransferServiceHook",
    ),
    ("google.cloud.hooks.compute", "contrib.hooks.gcp_compute_hook", "GceHook=ComputeEngineHook"),
    ("google.cloud.hooks.dataflow", "contrib.hooks.gcp_dataflow_hook", "DataFlowHook=DataflowHook"),
    ("google.cloud.hooks.dataproc", "contrib.hooks.gcp_dataproc_hook", "DataProcHook=DataprocHook"),
    ("google.cloud.hooks.datastore", "contrib.hooks.datastore_hook", "DatastoreHook"),
    ("google.cloud.hooks.dlp", "contrib.hooks.gcp_dlp_hook", "CloudDLPHook"),
    ("google.cloud.hooks.functions", "contrib.hooks.gcp_function_hook", "GcfHook=CloudFunctionsHook"),
    ("google.cloud.hooks.gcs", "contrib.hooks.gcs_hook", "GoogleCloudStorageHook=GCSHook"),
    ("google.cloud.hooks.kms", "contrib.hooks.gcp_kms_hook", "GoogleCloudKMSHook=CloudKMSHook"),
    ("google.cloud.hooks.kubernetes_engine", "contrib.hooks.gcp_container_hook", "GKEClusterHook=GKEHook"),
    ("google.cloud.hooks.mlengine", "contrib.hooks.gcp_mlengine_hook", "MLEngineHook"),
    ("google.cloud.hooks.natural_language", "contrib.hooks.gcp_natural_language_hook", "CloudNaturalLanguageHook"),
    ("google.cloud.hooks.pubsub", "contrib.hooks.gcp_pubsub_hook", "PubSubException PubSubHook"),
    ("google.cloud.hooks.spanner", "contrib.hooks.gcp_spanner_hook", "CloudSpannerHook=SpannerHook"),
    (
        "google.cloud.hooks.speech_to_text",
        "contrib.hooks.gcp_speech_to_text_hook",
        "GCPSpeechToTextHook=CloudSpeechToTextHook",
    ),
    ("google.cloud.hooks.tasks", "contrib.hooks.gcp_tasks_hook", "CloudTasksHook"),
    (
        "google.cloud.hooks.text_to_speech",
        "contrib.hooks.gcp_text_to_speech_hook",
        "GCPTextToSpeechHook=CloudTextToSpeechHook",
    ),
    ("google.cloud.hooks.translate", "contrib.hooks.gcp_translate_hook", "CloudTranslateHook"),
    (
        "google.cloud.hooks.video_intelligence",
        "contrib.hooks.gcp_video_intelligence_hook",
        "CloudVideoIntelligenceHook",
    ),
    ("google.cloud.hooks.vision", "contrib.hooks.gcp_vision_hook", "CloudVisionHook"),
    ("google.cloud.log.gcs_task_handler", "utils.log.gcs_task_handler", "GCSTaskHandler"),
    ("google.cloud.log.stackdriver_task_handler", "utils.log.stackdriver_task_handler", "StackdriverTaskHandler"),
    (
        "google.cloud.operators.bigquery",
        "contrib.operators.bigquery_check_operator",
        "BigQueryCheckOperator BigQueryIntervalCheckOperator BigQueryValueCheckOperator",
    ),
    ("google.cloud.operators.bigquery", "contrib.operators.bigquery_get_data", "BigQueryGetDataOperator"),
    (
        "google.cloud.operators.bigquery",
        "contrib.operators.bigquery_operator",
        "BigQueryCreateEmptyDatasetOperator BigQueryCreateEmptyTableOperator "
        "BigQueryCreateExternalTableOperator BigQueryDeleteDatasetOperator "
        "BigQueryGetDatasetOperator BigQueryOperator=BigQueryExecuteQueryOperator "
        "BigQueryPatchDatasetOperator BigQueryUpdateDatasetOperator",
    ),
    (
        "google.cloud.operators.bigquery",
        "contrib.operators.bigquery_table_delete_operator",
        "BigQueryTableDeleteOperator=BigQueryDeleteTableOperator",
    ),
    (
        "google.cloud.operators.bigtable",
        "contrib.operators.gcp_bigtable_operator",
        "BigtableClusterUpdateOperator=BigtableUpdateClusterOperator "
        "BigtableInstanceCreateOperator=BigtableCreateInstanceOperator "
        "BigtableInstanceDeleteOperator=BigtableDeleteInstanceOperator "
        "BigtableTableCreateOperator=BigtableCreateTableOperator "
        "BigtableTableDeleteOperator=BigtableDeleteTableOperator",
    ),
    (
        "google.cloud.operators.cloud_build",
        "contrib.operators.gcp_cloud_build_operator",
        "CloudBuildCreateBuildOperator",
    ),
    (
        "google.cloud.operators.cloud_sql",
        "contrib.operators.gcp_sql_operator",
        "CloudSqlBaseOperator=CloudSQLBaseOperator "
        "CloudSqlInstanceCreateOperator=CloudSQLCreateInstanceOperator "
        "CloudSqlInstanceDatabaseCreateOperator=CloudSQLCreateInstanceDatabaseOperator "
        "CloudSqlInstanceDatabaseDeleteOperator=CloudSQLDeleteInstanceDatabaseOperator "
        "CloudSqlInstanceDatabasePatchOperator=CloudSQLPatchInstanceDatabaseOperator "
        "CloudSqlInstanceDeleteOperator=CloudSQLDeleteInstanceOperator "
        "CloudSqlInstanceExportOperator=CloudSQLExportInstanceOperator "
        "CloudSqlInstanceImportOperator=CloudSQLImportInstanceOperator "
        "CloudSqlInstancePatchOperator=CloudSQLInstancePatchOperator "
        "CloudSqlQueryOperator=CloudSQLExecuteQueryOperator",
    ),
    (
        "google.cloud.operators.cloud_storage_transfer_service",
        "contrib.operators.gcp_transfer_operator",
        "GcpTransferServiceJobCreateOperator=CloudDataTransferServiceCreateJobOperator "
        "GcpTransferServiceJobDeleteOperator=CloudDataTransferServiceDeleteJobOperator "
        "GcpTransferServiceJobUpdateOperator=CloudDataTransferServiceUpdateJobOperator "
        "GcpTransferServiceOperationCancelOperator=CloudDataTransferServiceCancelOperationOperator "
        "GcpTransferServiceOperationGetOperator=CloudDataTransferServiceGetOperationOperator "
        "GcpTransferServiceOperationPauseOperator=CloudDataTransferServicePauseOperationOperator "
        "GcpTransferServiceOperationResumeOperator=CloudDataTransferServiceResumeOperationOperator "
        "GcpTransferServiceOperationsListOperator=CloudDataTransferServiceListOperationsOperator "
        "GoogleCloudStorageToGoogleCloudStorageTransferOperator=CloudDataTransferServiceGCSToGCSOperator "
        "S3ToGoogleCloudStorageTransferOperator=CloudDataTransferServiceS3ToGCSOperator",
    ),
    (
        "google.cloud.operators.cloud_storage_transfer_service",
        "contrib.operators.s3_to_gcs_transfer_operator",
        "CloudDataTransferServiceS3ToGCSOperator",
    ),
    (
        "google.cloud.operators.compute",
        "contrib.operators.gcp_compute_operator",
        "GceBaseOperator=ComputeEngineBaseOperator "
        "GceInstanceGroupManagerUpdateTemplateOperator=ComputeEngineInstanceGroupUpdateManagerTemplateOperator "
        "GceInstanceStartOperator=ComputeEngineStartInstanceOperator "
        "GceInstanceStopOperator=ComputeEngineStopInstanceOperator "
        "GceInstanceTemplateCopyOperator=ComputeEngineCopyInstanceTemplateOperator "
        "GceSetMachineTypeOperator=ComputeEngineSetMachineTypeOperator",
    ),
    (
        "google.cloud.operators.dataflow",
        "contrib.operators.dataflow_operator",
        "DataFlowJavaOperator=DataflowCreateJavaJobOperator "
        "DataFlowPythonOperator=DataflowCreatePythonJobOperator "
        "DataflowTemplateOperator=DataflowTemplatedJobStartOperator",
    ),
    (
        "google.cloud.operators.datapipeline",
        "contrib.operators.datapipeline_operator",
        "CreateDataPipelineOperator RunDataPipelineOperator",
    ),
    (
        "google.cloud.operators.dataproc",
        "contrib.operators.dataproc_operator",
        "DataProcHadoopOperator=DataprocSubmitHadoopJobOperator "
        "DataProcHiveOperator=DataprocSubmitHiveJobOperator "
        "DataProcJobBaseOperator=DataprocJobBaseOperator "
        "DataProcPigOperator=DataprocSubmitPigJobOperator "
        "DataProcPySparkOperator=DataprocSubmitPySparkJobOperator "
        "DataProcSparkOperator=DataprocSubmitSparkJobOperator "
        "DataProcSparkSqlOperator=DataprocSubmitSparkSqlJobOperator "
        "DataprocClusterCreateOperator=DataprocCreateClusterOperator "
        "DataprocClusterDeleteOperator=DataprocDeleteClusterOperator "
        "DataprocClusterScaleOperator=DataprocScaleClusterOperator "
        "DataprocWorkflowTemplateInstantiateInlineOperator=DataprocInstantiateInlineWorkflowTemplateOperator "
        "DataprocWorkflowTemplateInstantiateOperator=DataprocInstantiateWorkflowTemplateOperator",
    ),
    (
        "google.cloud.operators.datastore",
        "contrib.operators.datastore_export_operator",
        "DatastoreExportOperator=CloudDatastoreExportEntitiesOperator",
    ),
    (
        "google.cloud.operators.datastore",
        "contrib.operators.datastore_import_operator",
        "DatastoreImportOperator=CloudDatastoreImportEntitiesOperator",
    ),
    (
        "google.cloud.operators.dlp",
        "contrib.operators.gcp_dlp_operator",
        "CloudDLPCancelDLPJobOperator CloudDLPCreateDLPJobOperator "
        "CloudDLPCreateDeidentifyTemplateOperator CloudDLPCreateInspectTemplateOperator "
        "CloudDLPCreateJobTriggerOperator CloudDLPCreateStoredInfoTypeOperator "
        "CloudDLPDeidentifyContentOperator CloudDLPDeleteDeidentifyTemplateOperator "
        "CloudDLPDeleteDlpJobOperator=CloudDLPDeleteDLPJobOperator "
        "CloudDLPDeleteInspectTemplateOperator CloudDLPDeleteJobTriggerOperator "
        "CloudDLPDeleteStoredInfoTypeOperator CloudDLPGetDeidentifyTemplateOperator "
        "CloudDLPGetDlpJobOperator=CloudDLPGetDLPJobOperator CloudDLPGetInspectTemplateOperator "
        "CloudDLPGetJobTripperOperator=CloudDLPGetDLPJobTriggerOperator "
        "CloudDLPGetStoredInfoTypeOperator CloudDLPInspectContentOperator "
        "CloudDLPListDeidentifyTemplatesOperator "
        "CloudDLPListDlpJobsOperator=CloudDLPListDLPJobsOperator CloudDLPListInfoTypesOperator "
        "CloudDLPListInspectTemplatesOperator CloudDLPListJobTriggersOperator "
        "CloudDLPListStoredInfoTypesOperator CloudDLPRedactImageOperator "
        "CloudDLPReidentifyContentOperator CloudDLPUpdateDeidentifyTemplateOperator "
        "CloudDLPUpdateInspectTemplateOperator CloudDLPUpdateJobTriggerOperator "
        "CloudDLPUpdateStoredInfoTypeOperator",
    ),
    (
        "google.cloud.operators.functions",
        "contrib.operators.gcp_function_operator",
        "GcfFunctionDeleteOperator=CloudFunctionDeleteFunctionOperator "
        "GcfFunctionDeployOperator=CloudFunctionDeployFunctionOperator",
    ),
    (
        "google.cloud.operators.gcs",
        "contrib.operators.gcs_acl_operator",
        "GoogleCloudStorageBucketCreateAclEntryOperator=GCSBucketCreateAclEntryOperator "
        "GoogleCloudStorageObjectCreateAclEntryOperator=GCSObjectCreateAclEntryOperator",
    ),
    (
        "google.cloud.operators.gcs",
        "contrib.operators.gcs_delete_operator",
        "GoogleCloudStorageDeleteOperator=GCSDeleteObjectsOperator",
    ),
    (
        "google.cloud.operators.gcs",
        "contrib.operators.gcs_list_operator",
        "GoogleCloudStorageListOperator=GCSListObjectsOperator",
    ),
    (
        "google.cloud.operators.gcs",
        "contrib.operators.gcs_operator",
        "GoogleCloudStorageCreateBucketOperator=GCSCreateBucketOperator",
    ),
    (
        "google.cloud.operators.kubernetes_engine",
        "contrib.operators.gcp_container_operator",
        "GKEClusterCreateOperator=GKECreateClusterOperator "
        "GKEClusterDeleteOperator=GKEDeleteClusterOperator GKEPodOperator=GKEStartPodOperator",
    ),
    (
        "google.cloud.operators.mlengine",
        "contrib.operators.mlengine_operator",
        "MLEngineBatchPredictionOperator=MLEngineStartBatchPredictionJobOperator "
        "MLEngineModelOperator=MLEngineManageModelOperator "
        "MLEngineTrainingOperator=MLEngineStartTrainingJobOperator "
        "MLEngineVersionOperator=MLEngineManageVersionOperator",
    ),
    (
        "google.cloud.operators.natural_language",
        "contrib.operators.gcp_natural_language_operator",
        "CloudLanguageAnalyzeEntitiesOperator=CloudNaturalLanguageAnalyzeEntitiesOperator "
        "CloudLanguageAnalyzeEntitySentimentOperator=CloudNaturalLanguageAnalyzeEntitySentimentOperator "
        "CloudLanguageAnalyzeSentimentOperator=CloudNaturalLanguageAnalyzeSentimentOperator "
        "CloudLanguageClassifyTextOperator=CloudNaturalLanguageClassifyTextOperator",
    ),
    (
        "google.cloud.operators.pubsub",
        "contrib.operators.pubsub_operator",
        "PubSubPublishOperator=PubSubPublishMessageOperator "
        "PubSubSubscriptionCreateOperator=PubSubCreateSubscriptionOperator "
        "PubSubSubscriptionDeleteOperator=PubSubDeleteSubscriptionOperator "
        "PubSubTopicCreateOperator=PubSubCreateTopicOperator "
        "PubSubTopicDeleteOperator=PubSubDeleteTopicOperator",
    ),
    (
        "google.cloud.operators.spanner",
        "contrib.operators.gcp_spanner_operator",
        "CloudSpannerInstanceDatabaseDeleteOperator=SpannerDeleteDatabaseInstanceOperator "
        "CloudSpannerInstanceDatabaseDeployOperator=SpannerDeployDatabaseInstanceOperator "
        "CloudSpannerInstanceDatabaseQueryOperator=SpannerQueryDatabaseInstanceOperator "
        "CloudSpannerInstanceDatabaseUpdateOperator=SpannerUpdateDatabaseInstanceOperator "
        "CloudSpannerInstanceDeleteOperator=SpannerDeleteInstanceOperator "
        "CloudSpannerInstanceDeployOperator=SpannerDeployInstanceOperator",
    ),
    (
        "google.cloud.operators.speech_to_text",
        "contrib.operators.gcp_speech_to_text_operator",
        "GcpSpeechToTextRecognizeSpeechOperator=CloudSpeechToTextRecognizeSpeechOperator",
    ),
    (
        "google.cloud.operators.tasks",
        "contrib.operators.gcp_tasks_operator",
        "CloudTasksQueueCreateOperator CloudTasksQueueDeleteOperator CloudTasksQueueGetOperator "
        "CloudTasksQueuePauseOperator CloudTasksQueuePurgeOperator CloudTasksQueueResumeOperator "
        "CloudTasksQueueUpdateOperator CloudTasksQueuesListOperator CloudTasksTaskCreateOperator "
        "CloudTasksTaskDeleteOperator CloudTasksTaskGetOperator CloudTasksTaskRunOperator "
        "CloudTasksTasksListOperator",
    ),
    (
        "google.cloud.operators.text_to_speech",
        "contrib.operators.gcp_text_to_speech_operator",
        "GcpTextToSpeechSynthesizeOperator=CloudTextToSpeechSynthesizeOperator",
    ),
    ("google.cloud.operators.translate", "contrib.operators.gcp_translate_operator", "CloudTranslateTextOperator"),
    (
        "google.cloud.operators.translate_speech",
        "contrib.operators.gcp_translate_speech_operator",
        "GcpTranslateSpeechOperator=CloudTranslateSpeechOperator",
    ),
    (
        "google.cloud.operators.video_intelligence",
        "contrib.operators.gcp_video_intelligence_operator",
        "CloudVideoIntelligenceDetectVideoExplicitContentOperator "
        "CloudVideoIntelligenceDetectVideoLabelsOperator "
        "CloudVideoIntelligenceDetectVideoShotsOperator",
    ),
    (
        "google.cloud.operators.vision",
        "contrib.operators.gcp_vision_operator",
        "CloudVisionAddProductToProductSetOperator "
        "CloudVisionAnnotateImageOperator=CloudVisionImageAnnotateOperator "
        "CloudVisionDetectDocumentTextOperator=CloudVisionTextDetectOperator "
        "CloudVisionDetectImageLabelsOperator CloudVisionDetectImageSafeSearchOperator "
        "CloudVisionDetectTextOperator "
        "CloudVisionProductCreateOperator=CloudVisionCreateProductOperator "
        "CloudVisionProductDeleteOperator=CloudVisionDeleteProductOperator "
        "CloudVisionProductGetOperator=CloudVisionGetProductOperator "
        "CloudVisionProductSetCreateOperator=CloudVisionCreateProductSetOperator "
        "CloudVisionProductSetDeleteOperator=CloudVisionDeleteProductSetOperator "
        "CloudVisionProductSetGetOperator=CloudVisionGetProductSetOperator "
        "CloudVisionProductSetUpdateOperator=CloudVisionUpdateProductSetOperator "
        "CloudVisionProductUpdateOperator=CloudVisionUpdateProductOperator "
        "CloudVisionReferenceImageCreateOperator=CloudVisionCreateReferenceImageOperator "
        "CloudVisionRemoveProductFromProductSetOperator",
    ),
    (
        "google.cloud.secrets.secret_manager",
        "contrib.secrets.gcp_secrets_manager",
        "CloudSecretsManagerBackend=CloudSecretManagerBackend",
    ),
    (
        "google.cloud.sensors.bigquery",
        "contrib.sensors.bigquery_sensor",
        "BigQueryTableSensor=BigQueryTableExistenceSensor",
    ),
    (
        "google.cloud.sensors.bigtable",
        "contrib.operators.gcp_bigtable_operator",
        "BigtableTableWaitForReplicationSensor=BigtableTableReplicationCompletedSensor",
    ),
    (
        "google.cloud.sensors.cloud_storage_transfer_service",
        "contrib.sensors.gcp_transfer_sensor",
        "GCPTransferServiceWaitForJobStatusSensor=CloudDataTransferServiceJobStatusSensor",
    ),
    (
        "google.cloud.sensors.gcs",
        "contrib.sensors.gcs_sensor",
        "GoogleCloudStorageObjectSensor=GCSObjectExistenceSensor "
        "GoogleCloudStorageObjectUpdatedSensor=GCSObjectUpdateSensor "
        "GoogleCloudStoragePrefixSensor=GCSObjectsWithPrefixExistenceSensor "
        "GoogleCloudStorageUploadSessionCompleteSensor=GCSUploadSessionCompleteSensor",
    ),
    ("google.cloud.sensors.pubsub", "contrib.sensors.pubsub_sensor", "PubSubPullSensor"),
    (
        "google.cloud.transfers.adls_to_gcs",
        "contrib.operators.adls_to_gcs",
        "AdlsToGoogleCloudStorageOperator=ADLSToGCSOperator",
    ),
    (
        "google.cloud.transfers.bigquery_to_bigquery",
        "contrib.operators.bigquery_to_bigquery",
        "BigQueryToBigQueryOperator",
    ),
    (
        "google.cloud.transfers.bigquery_to_gcs",
        "contrib.operators.bigquery_to_gcs",
        "BigQueryToCloudStorageOperator=BigQueryToGCSOperator",
    ),
    (
        "google.cloud.transfers.bigquery_to_mysql",
        "contrib.operators.bigquery_to_mysql_operator",
        "BigQueryToMySqlOperator",
    ),
    (
        "google.cloud.transfers.cassandra_to_gcs",
        "contrib.operators.cassandra_to_gcs",
        "CassandraToGoogleCloudStorageOperator=CassandraToGCSOperator",
    ),
    (
        "google.cloud.transfers.gcs_to_bigquery",
        "contrib.operators.gcs_to_bq",
        "GoogleCloudStorageToBigQueryOperator=GCSToBigQueryOperator",
    ),
    (
        "google.cloud.transfers.gcs_to_gcs",
        "contrib.operators.gcs_to_gcs",
        "GoogleCloudStorageToGoogleCloudStorageOperator=GCSToGCSOperator",
    ),
    (
        "google.cloud.transfers.gcs_to_local",
        "contrib.operators.gcs_download_operator",
        "GoogleCloudStorageDownloadOperator=GCSToLocalFilesystemOperator",
    ),
    (
        "google.cloud.transfers.local_to_gcs",
        "contrib.operators.file_to_gcs",
        "FileToGoogleCloudStorageOperator=LocalFilesystemToGCSOperator",
    ),
    (
        "google.cloud.transfers.mssql_to_gcs",
        "contrib.operators.mssql_to_gcs",
        "MsSqlToGoogleCloudStorageOperator=MSSQLToGCSOperator",
    ),
    (
        "google.cloud.transfers.mysql_to_gcs",
        "contrib.operators.mysql_to_gcs",
        "MySqlToGoogleCloudStorageOperator=MySQLToGCSOperator",
    ),
    (
        "google.cloud.transfers.postgres_to_gcs",
        "contrib.operators.postgres_to_gcs_operator",
        "PostgresToGoogleCloudStorageOperator=PostgresToGCSOperator",
    ),
    (
        "google.cloud.transfers.sql_to_gcs",
        "contrib.operators.sql_to_gcs",
        "BaseSQLToGoogleCloudStorageOperator=BaseSQLToGCSOperator",
    ),
    (
        "google.cloud.utils.field_sanitizer",
        "contrib.utils.gcp_field_sanitizer",
        "GcpBodyFieldSanitizer GcpFieldSanitizerException",
    ),
    (
        "google.cloud.utils.field_validator",
        "contrib.utils.gcp_field_validator",
        "GcpBodyFieldValidator GcpFieldValidationException GcpValidationSpecificationException",
    ),
    (
        "google.cloud.utils.mlengine_prediction_summary",
        "contrib.utils.mlengine_prediction_summary",
        "JsonCoder MakeSummary",
    ),
    ("google.common.hooks.base_google", "contrib.hooks.gcp_api_base_hook", "GoogleCloudBaseHook=GoogleBaseHook"),
    ("google.suite.hooks.drive", "contrib.hooks.gdrive_hook", "GoogleDriveHook"),
    (
        "google.suite.transfers.gcs_to_gdrive",
        "contrib.operators.gcs_to_gdrive_operator",
        "GcsToGDriveOperator=GCSToGoogleDriveOperator",
    ),
]
