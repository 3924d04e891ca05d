#!/usr/bin/env bash
# Everything that must hold before a change lands, in the order of its cost: `make test` and CI run this.
#   scripts/check.sh            all
#   scripts/check.sh fast       without the slow tests
set -uo pipefail
cd "$(dirname "$0")/.."

python3 scripts/setup.py --extra test || exit 1
bin=.venv/bin
failed=0

step() {
  echo "== $1"
  shift
  "$@" || { failed=1; echo "FAILED: $*"; }
}

step "lint" "$bin/ruff" check .
step "format" "$bin/ruff" format --check .
step "types" "$bin/pyright" --pythonpath "$bin/python"
step "layers" "$bin/lint-imports"
step "generated files" "$bin/python" scripts/generate.py --check
step "studio" "$bin/python" studio/build.py --check

echo "== tests"
marks=(-m "not slow")
[ "${1:-}" = fast ] || marks=()
"$bin/python" -m pytest "${marks[@]}" || failed=1
exit "$failed"
