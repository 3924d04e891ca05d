"""Azure's entities that this version does not have: importing one says so, and what there is in its place."""

from __future__ import annotations

from collections.abc import Iterable

from bancada.errors import closest

__all__ = ["ABSENT", "why_absent"]

ABSENT = frozenset(
    """
    AadCredentialConfiguration AcceleratorMap AccessKeyConfiguration AmlComputeNodeInfo ApiKeyConfiguration
    AssignedUserConfiguration AutoPauseSettings AutoScaleSettings AzureMLBatchInferencingServer
    AzureMLOnlineInferencingServer BaseEnvironment BaselineDataRange BatchDeployment BatchEndpoint BatchJob
    BatchRetrySettings CapabilityHostKind CategoricalDriftMetrics CommandComponent Component
    ComputeConfiguration ComputeInstance ComputeInstanceSshSettings ComputePowerAction ComputeRuntime
    ComputeSchedules ComputeStartStopSchedule ContainerRegistryCredential CreatedByType CronTrigger
    CustomApplications CustomInferencingServer CustomMonitoringMetricThreshold CustomMonitoringSignal
    DataAvailabilityStatus DataColumnType DataDriftMetricThreshold DataDriftSignal DataImport
    DataQualityMetricThreshold DataQualityMetricsCategorical DataQualityMetricsNumerical DataQualitySignal
    DataSegment DefaultActionType Deployment DeploymentTemplate DeploymentTemplateReference
    DiagnoseRequestProperties DiagnoseResponseResult DiagnoseResponseResultValue DiagnoseResult
    DiagnoseWorkspaceParameters Endpoint EndpointAadToken EndpointsSettings FADProductionData Feature
    FeatureAttributionDriftMetricThreshold FeatureAttributionDriftSignal FixedInputData
    GenerationSafetyQualityMonitoringMetricThreshold GenerationSafetyQualitySignal
    GenerationTokenStatisticsMonitorMetricThreshold GenerationTokenStatisticsSignal GitSource IPRule
    ImageMetadata ImageSettings ImportDataSchedule InputPort IsolationMode JobResources JobSchedule
    JupyterLabJobService KubernetesCompute LlmData LocalSource MaterializationType ModelBatchDeployment
    ModelBatchDeploymentSettings ModelConfiguration ModelPackage ModelPackageInput
    ModelPerformanceClassificationThresholds ModelPerformanceMetricThreshold
    ModelPerformanceRegressionThresholds ModelPerformanceSignal MonitorDefinition MonitorFeatureFilter
    MonitorInputData MonitorSchedule MonitoringTarget NetworkAcls NotebookAccessKeys NumericalDriftMetrics
    OneLakeArtifact OneLakeConnectionArtifact OneLakeDatastore OnlineScaleSettings OutboundRule
    PackageInputPathId PackageInputPathUrl PackageInputPathVersion Parallel ParallelComponent ParallelTask
    PatTokenConfiguration Pipeline PipelineComponent PipelineComponentBatchDeployment PipelineJob
    PipelineJobSettings PredictionDriftMetricThreshold PredictionDriftSignal ProductionData RecurrencePattern
    RecurrenceTrigger ReferenceData Registry RegistryRegionDetails RetrySettings Route Schedule ScheduleState
    ScheduleTriggerResult ScriptReference ServiceInstance SetupScripts Spark SparkComponent SparkJob
    SparkJobEntry SparkJobEntryType SparkResourceConfiguration SshJobService StaticInputData Sweep
    SystemCreatedAcrAccount SystemCreatedStorageAccount TensorBoardJobService TrailingInputData
    TritonInferencingServer UnsupportedCompute Usage UsageName UsageUnit UsernamePasswordConfiguration
    VirtualMachineCompute VirtualMachineSshSettings VmSize VolumeSettings VsCodeJobService WorkspaceKeys
    WorkspaceModelReference
    """.split()
)
# What to take in place of a class whose name has the word; the first that fits.
INSTEAD = (
    ("Batch", "Models are served by ManagedOnlineEndpoint and ManagedOnlineDeployment; a command job scores in bulk"),
    ("Pipeline", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Component", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Job", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Spark", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Parallel", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Sweep", "Jobs are made by `command(…)`, and sweeps of them by `.sweep(…)`"),
    ("Compute", "Computes are AmlCompute, and `local` without making one"),
    ("Endpoint", "Endpoints are ManagedOnlineEndpoint and KubernetesOnlineEndpoint"),
    ("Deployment", "Deployments are ManagedOnlineDeployment and KubernetesOnlineDeployment"),
    ("OneLake", "Datastores are FileDatastore, AzureBlobDatastore, AzureFileDatastore and AzureDataLakeGen2Datastore"),
)


def why_absent(name: str, there: Iterable[str]) -> str | None:
    """Return why an entity of Azure's cannot be imported; None when Azure has none of that name."""
    if name not in ABSENT:
        return None
    text = f"`{name}` of Azure ML is not there in this version of Bancada."
    instead = next((hint for word, hint in INSTEAD if word in name), None)
    if instead is None:
        near = closest(name, there, 3)
        instead = f"The nearest names that are: {', '.join(near)}" if near else None
    return f"{text} {instead}." if instead else text
