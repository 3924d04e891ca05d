"""What we know about packages by their names: conda's and PyPI's. Tables only; who uses them decides what they mean."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BROUGHT_ALONG", "CUDA", "FOREIGN", "RENAMED", "WELL_KNOWN", "WHEELS_ONLY"]

# conda's name → PyPI's, where they differ. Few, since a conda package that is another thing on PyPI is worse than
# an unknown name.
RENAMED: Mapping[str, str] = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-mkl": "tensorflow",
}

_BROUGHT_ALONG = """
    _libgcc_mutex _openmp_mutex blas bzip2 ca-certificates cpuonly freetype intel-openmp jpeg lcms2
    ld_impl_linux-64 libblas libcblas libedit libffi libgcc libgcc-ng libgfortran-ng libgomp liblapack libopenblas
    libpng libsqlite libstdcxx-ng libtiff libuuid libuv libwebp libzlib llvm-openmp lz4-c mkl mkl_fft mkl_random
    mkl-service ncurses nomkl openblas openjpeg openssl python_abi readline sqlite tk tzdata xz zlib zstd
"""
# Parts of conda environments that wheels bring along or that the machine has.
BROUGHT_ALONG = frozenset(_BROUGHT_ALONG.split())

CUDA = frozenset(
    {"cuda", "cuda-runtime", "cuda-toolkit", "cudatoolkit", "cudnn", "nccl", "pytorch-cuda", "pytorch-mutex"}
)

_PROGRAMS = "curl ffmpeg gcc gcc_linux-64 gfortran git gxx gxx_linux-64 make mpich openmpi perl wget"
# conda packages that no Python index can give, and why.
FOREIGN: Mapping[str, str] = {
    **dict.fromkeys(_PROGRAMS.split(), "it is not a Python package; install it on this machine"),
    **dict.fromkeys(("nodejs", "npm", "yarn"), "it is not a Python package; install Node.js on this machine"),
    "openjdk": "it is not a Python package; install Java on this machine",
    "r": "R is not supported, only Python is",
    "rstudio": "R is not supported, only Python is",
    "julia": "Julia is not supported, only Python is",
}

_WHEELS_ONLY = """
    blis catboost cryptography duckdb grpcio h5py jaxlib lightgbm llvmlite matplotlib numba numpy onnx onnxruntime
    opencv-python opencv-python-headless pandas polars pyarrow pydantic-core ray safetensors scikit-image
    scikit-learn scipy spacy statsmodels tables tensorflow tensorflow-cpu thinc tokenizers torch torchaudio
    torchvision xgboost
"""
# Packages that practically nobody builds from source: an hour of compiling that ends in 200 lines of C errors is
# no answer, "has no wheel" is. All others are built where they have no wheel, as pip does.
WHEELS_ONLY = tuple(_WHEELS_ONLY.split())

_WELL_KNOWN = """
    azure-ai-ml azure-identity azure-storage-blob azureml-core azureml-defaults azureml-inference-server-http
    azureml-mlflow beautifulsoup4 boto3 catboost category-encoders cloudpickle cryptography dask datasets duckdb
    evaluate fairlearn fastapi flask h5py huggingface-hub hyperopt imbalanced-learn inference-schema interpret
    ipykernel ipython jax joblib jupyter keras lightgbm lxml matplotlib mlflow mlflow-skinny mltable networkx nltk
    numba numpy onnx onnxruntime opencv-python opencv-python-headless openpyxl optuna pandas pillow plotly polars
    prophet psutil pyarrow pydantic pyspark pytest python-dateutil python-dotenv pytorch-lightning pyyaml ray
    requests responsibleai scikit-image scikit-learn scipy seaborn sentence-transformers sentencepiece setuptools
    shap skl2onnx spacy sqlalchemy statsmodels tables tensorboard tensorflow tokenizers torch torchaudio torchvision
    tqdm transformers umap-learn uvicorn xgboost xlrd
"""
# Names that people mistype, so that an unknown package can be answered with the one that was meant.
WELL_KNOWN = tuple(_WELL_KNOWN.split())
