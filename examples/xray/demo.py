"""The walk-through from nothing: starts the platform in a temporary home, runs walkthrough.py, stops it again.

    python demo.py [arguments of walkthrough.py]

It is the heart example's demo.py with another story: whatever happens, no process is left and the home is removed.
"""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main():
    """Run the demo; return the walk-through's exit code."""
    spec = importlib.util.spec_from_file_location("heart_demo", FOLDER.parent / "heart" / "demo.py")
    heart = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(heart)
    return heart.main(FOLDER / "walkthrough.py")


if __name__ == "__main__":
    sys.exit(main())
