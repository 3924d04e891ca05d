"""What the library refuses before it looks at any data, and what it says where its packages are missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bancada.learning.automl import Settings, SettingsError


@pytest.mark.parametrize("size", [0, -0.1, 1, 1.5, 30, float("nan")])
def test_a_validation_size_is_a_share(size: float):
    with pytest.raises(SettingsError, match=r"validation_data_size is .*; use a share between 0 and 1\."):
        Settings("regression", "y", validation_data_size=size).checked()
    assert Settings("regression", "y", validation_data_size=0.1).checked().validation_data_size == 0.1


def test_without_its_packages_it_says_how_they_are_installed():
    code = "import sys; sys.modules['numpy'] = None; from bancada.learning.automl import fit"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    text = 'AutoML needs NumPy and more, which are not installed here: pip install "bancada[automl]".'
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {text}"
