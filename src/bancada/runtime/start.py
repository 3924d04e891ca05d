"""Runs at the start of every Python of a launch that starts cold, by the line that a built environment has for it.

Not imported by anything: the line executes this file when `BANCADA_START` names it. It must cost nothing and never
fail, for it also runs before programs that have nothing to do with MLflow.
"""

import os
import sys
from importlib import import_module


class _Starter(object):
    """Waits for the first import of MLflow to put in place what it shall find."""

    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]  # older than annotations
        """Never find anything; act when it is MLflow that is looked for."""
        if name == "mlflow":
            sys.meta_path.remove(self)
            sys.path.insert(0, self.folder)
            try:
                import_module("bancada_runtime.mlflow_requirements").install()
            except ImportError:
                pass  # a Python older than we know: MLflow does it its own way
            finally:
                sys.path.remove(self.folder)


# A virtual environment's folder may be gone through twice, and the line with it.
if not any(type(one).__name__ == "_Starter" for one in sys.meta_path):
    sys.meta_path.insert(0, _Starter())
