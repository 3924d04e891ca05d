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

# Two runs side by side, each of about half: tests wait for processes more than they compute. The second is shown at the
# end; Ctrl-C ends both.
marks=(-m "not slow")
[ "${1:-}" = fast ] || marks=()
other="$(mktemp)"
trap 'kill $!; exit 130' INT TERM
echo "== tests (tests/e2e; at the same time all others, whose output follows)"
"$bin/python" -m pytest "${marks[@]}" --ignore tests/e2e >"$other" 2>&1 &
"$bin/python" -m pytest "${marks[@]}" tests/e2e || failed=1
while kill -0 $! 2>/dev/null; do
  echo "... the other tests are at $(grep -o '\[ *[0-9]*%\]' "$other" | tail -1)"
  sleep 15
done
wait $! || failed=1
cat "$other"
rm -f "$other"
exit "$failed"
