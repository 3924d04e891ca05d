"""Endpoints through the command line: create, scale, follow the log, sample request, metrics."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
