"""The build hook that puts the web Studio into the wheel. `BANCADA_STUDIO=skip` leaves it out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "skip"


class StudioHook(BuildHookInterface[Any]):
    """Builds the page for a wheel, an editable one too; an sdist carries its sources."""

    def dependencies(self) -> list[str]:
        """Ask for Node only when there is something to build: it is 60 MB to fetch."""
        return [builder(self.root).NODE] if self._has_work() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page when it is missing or older than its sources."""
        if not self._has_work():
            return
        try:
            builder(self.root).build()
        except (subprocess.CalledProcessError, OSError) as reason:
            raise SystemExit(
                f"Building the Studio failed: {reason}. npm says why above; it needs the npm registry, or a mirror "
                f"of it in npm's own settings. BANCADA_STUDIO={SKIP} installs Bancada without its web page."
            ) from reason

    def _has_work(self) -> bool:
        if self.target_name != "wheel" or os.environ.get("BANCADA_STUDIO", "").lower() == SKIP:
            return False
        return not builder(self.root).is_fresh()


def builder(root: str) -> ModuleType:
    """Return `studio/build.py` as a module."""
    place = Path(root) / "studio" / "build.py"
    spec = spec_from_file_location("bancada_studio_build", place)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{place} is missing: this is no whole source tree of Bancada.")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
