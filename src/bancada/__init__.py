"""Bancada: Azure Machine Learning on your own machine.

Users import `bancada.ml`, `bancada.identity` and `bancada.core.exceptions`; everything else is the platform itself.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
