"""What scripts import as `azure.ai.ml.automl`: AutoML jobs for tables, their settings and Azure's enumerations.

Tasks that are not there yet say so when they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, NoReturn

from pydantic import Field

from bancada.core.exceptions import faced
from bancada.domain.fields import ANY_CASE
from bancada.domain.io import Input
from bancada.domain.jobs.automl import AutoMLJob
from bancada.domain.jobs.automl_settings import (
    ColumnTransformer,
    StackEnsembleSettings,
    TabularFeaturizationSettings,
    TabularLimitSettings,
    TrainingSettings,
)
from bancada.errors import NotSupported

__all__ = [
    "BlockedTransformers",
    "ClassificationJob",
    "ClassificationModels",
    "ClassificationPrimaryMetrics",
    "ColumnTransformer",
    "FeaturizationMode",
    "NCrossValidationsMode",
    "RegressionJob",
    "RegressionModels",
    "RegressionPrimaryMetrics",
    "StackEnsembleSettings",
    "TabularFeaturizationSettings",
    "TabularLimitSettings",
    "TrainingSettings",
    "classification",
    "forecasting",
    "image_classification",
    "image_classification_multilabel",
    "image_instance_segmentation",
    "image_object_detection",
    "regression",
    "text_classification",
    "text_classification_multilabel",
    "text_ner",
]


class BlockedTransformers(StrEnum):
    """Transformers that may be blocked."""

    TEXT_TARGET_ENCODER = "TextTargetEncoder"
    ONE_HOT_ENCODER = "OneHotEncoder"
    CAT_TARGET_ENCODER = "CatTargetEncoder"
    TF_IDF = "TfIdf"
    WO_E_TARGET_ENCODER = "WoETargetEncoder"
    LABEL_ENCODER = "LabelEncoder"
    WORD_EMBEDDING = "WordEmbedding"
    NAIVE_BAYES = "NaiveBayes"
    COUNT_VECTORIZER = "CountVectorizer"
    HASH_ONE_HOT_ENCODER = "HashOneHotEncoder"


class ClassificationModels(StrEnum):
    """Training algorithms for classification. The last two are ours."""

    LOGISTIC_REGRESSION = "LogisticRegression"
    SGD = "SGD"
    MULTINOMIAL_NAIVE_BAYES = "MultinomialNaiveBayes"
    BERNOULLI_NAIVE_BAYES = "BernoulliNaiveBayes"
    SVM = "SVM"
    LINEAR_SVM = "LinearSVM"
    KNN = "KNN"
    DECISION_TREE = "DecisionTree"
    RANDOM_FOREST = "RandomForest"
    EXTREME_RANDOM_TREES = "ExtremeRandomTrees"
    LIGHT_GBM = "LightGBM"
    GRADIENT_BOOSTING = "GradientBoosting"
    XG_BOOST_CLASSIFIER = "XGBoostClassifier"
    CAT_BOOST = "CatBoost"
    NEURAL_NETWORK = "NeuralNetwork"


class RegressionModels(StrEnum):
    """Training algorithms for regression. The last three are ours."""

    ELASTIC_NET = "ElasticNet"
    GRADIENT_BOOSTING = "GradientBoosting"
    DECISION_TREE = "DecisionTree"
    KNN = "KNN"
    LASSO_LARS = "LassoLars"
    SGD = "SGD"
    RANDOM_FOREST = "RandomForest"
    EXTREME_RANDOM_TREES = "ExtremeRandomTrees"
    LIGHT_GBM = "LightGBM"
    XG_BOOST_REGRESSOR = "XGBoostRegressor"
    CAT_BOOST = "CatBoost"
    NEURAL_NETWORK = "NeuralNetwork"
    GAUSSIAN_PROCESS = "GaussianProcess"


class ClassificationPrimaryMetrics(StrEnum):
    """What the best model of a classification is best in."""

    AUC_WEIGHTED = "AUCWeighted"
    ACCURACY = "Accuracy"
    NORM_MACRO_RECALL = "NormMacroRecall"
    AVERAGE_PRECISION_SCORE_WEIGHTED = "AveragePrecisionScoreWeighted"
    PRECISION_SCORE_WEIGHTED = "PrecisionScoreWeighted"


class RegressionPrimaryMetrics(StrEnum):
    """What the best model of a regression is best in."""

    SPEARMAN_CORRELATION = "SpearmanCorrelation"
    NORMALIZED_ROOT_MEAN_SQUARED_ERROR = "NormalizedRootMeanSquaredError"
    R2_SCORE = "R2Score"
    NORMALIZED_MEAN_ABSOLUTE_ERROR = "NormalizedMeanAbsoluteError"


class FeaturizationMode(StrEnum):
    """Whether columns become numbers by themselves, with a word of yours, or not at all."""

    AUTO = "Auto"
    CUSTOM = "Custom"
    OFF = "Off"


class NCrossValidationsMode(StrEnum):
    """Whether the number of folds is chosen for you."""

    AUTO = "Auto"
    CUSTOM = "Custom"


class ClassificationJob(AutoMLJob):
    """An AutoML job that predicts a class."""

    # Narrower than a job's: what the function made stays what it is.
    task: Annotated[Literal["classification"], ANY_CASE] = Field(default="classification")  # pyright: ignore[reportIncompatibleVariableOverride]


class RegressionJob(AutoMLJob):
    """An AutoML job that predicts a number."""

    task: Annotated[Literal["regression"], ANY_CASE] = Field(default="regression")  # pyright: ignore[reportIncompatibleVariableOverride]


def classification(
    *,
    training_data: Input,
    target_column_name: str,
    primary_metric: str | None = None,
    enable_model_explainability: bool | None = None,
    weight_column_name: str | None = None,
    validation_data: Input | None = None,
    validation_data_size: float | None = None,
    n_cross_validations: str | int | None = None,
    cv_split_column_names: list[str] | None = None,
    test_data: Input | None = None,
    test_data_size: float | None = None,
    **kwargs: Any,
) -> ClassificationJob:
    """Return an AutoML job that predicts a class; its limits and algorithms are set by `set_limits` and `set_training`.

    kwargs are the job's other fields: `compute`, `experiment_name`, `name`, `tags`, `positive_label`, ….

    Example:
        >>> job = classification(training_data=Input(type="mltable", path="azureml:heart:1"), target_column_name="y")
        >>> job.set_limits(max_trials=5, timeout_minutes=10)
        >>> job.metric
        'auc_weighted'
    """
    given = locals()
    return _made(ClassificationJob, given)


def regression(
    *,
    training_data: Input,
    target_column_name: str,
    primary_metric: str | None = None,
    enable_model_explainability: bool | None = None,
    weight_column_name: str | None = None,
    validation_data: Input | None = None,
    validation_data_size: float | None = None,
    n_cross_validations: str | int | None = None,
    cv_split_column_names: list[str] | None = None,
    test_data: Input | None = None,
    test_data_size: float | None = None,
    **kwargs: Any,
) -> RegressionJob:
    """Return an AutoML job that predicts a number; its limits and algorithms are set by `set_limits`, `set_training`.

    kwargs are the job's other fields: `compute`, `experiment_name`, `name`, `tags`, ….

    Example:
        >>> job = regression(training_data=Input(type="mltable", path="azureml:bike:1"), target_column_name="rentals")
        >>> job.set_training(allowed_training_algorithms=[RegressionModels.LIGHT_GBM])
        >>> job.training.allowed_training_algorithms
        ['light_gbm']
    """
    given = locals()
    return _made(RegressionJob, given)


def _made(kind: Any, given: dict[str, Any]) -> Any:
    fields = {name: value for name, value in {**given, **given["kwargs"]}.items() if name != "kwargs"}
    explain = fields.pop("enable_model_explainability")
    job = kind(**{name: value for name, value in fields.items() if value is not None})
    if explain is not None:
        job.set_training(enable_model_explainability=explain)
    return job


_LATER = ("Forecast", "Image", "Text", "Nlp", "Search", "Object", "Instance", "Learning", "Log", "Stochastic")


def __getattr__(name: str) -> NoReturn:
    if name.startswith(_LATER) or name in ("ShortSeriesHandlingConfiguration", "TargetLagsMode", "UseStl"):
        text = (
            f"`{name}` of Azure ML is not there in this version of Bancada: it belongs to forecasts, images or texts."
        )
        # An AttributeError would lose its text in `from … import …`.
        raise ImportError(text, name=name)
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")


def _not_there(name: str, what: str) -> Callable[..., NoReturn]:
    """Return a task that says, when it is called, that it is not there yet."""

    @faced()
    def refuse(**kwargs: Any) -> NoReturn:
        raise NotSupported(
            f"`automl.{name}` is not there in this version of Bancada, which has no AutoML for {what}. There are "
            "`automl.classification(…)` and `automl.regression(…)` for tables."
        )

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Say that {what} are not there yet."
    return refuse


forecasting = _not_there("forecasting", "forecasts of time series")
image_classification = _not_there("image_classification", "images")
image_classification_multilabel = _not_there("image_classification_multilabel", "images")
image_instance_segmentation = _not_there("image_instance_segmentation", "images")
image_object_detection = _not_there("image_object_detection", "images")
text_classification = _not_there("text_classification", "texts")
text_classification_multilabel = _not_there("text_classification_multilabel", "texts")
text_ner = _not_there("text_ner", "texts")
