#!/usr/bin/env bash
# The walk-through as YAML files and commands. The platform must be up (`bancada up --detach`).
set -euo pipefail
cd "$(dirname "$0")"

bancada environment create --name sklearn-env --conda-file conda.yaml
bancada compute create --name cpu-cluster --type amlcompute --size STANDARD_DS3_V2 --min-instances 0 --max-instances 2
bancada data create --name heart --path heart.csv --type uri_file

sweep=$(bancada job create -f job.yml --query name -o tsv)
bancada job stream --name "$sweep"
best=$(bancada job show --name "$sweep" --query properties.best_child_run_id -o tsv)
echo "Best trial: $best"

bancada model create --name heart --type custom_model --path "azureml://jobs/$best/outputs/artifacts/paths/heart/"
bancada online-endpoint create -f endpoint.yml
bancada online-deployment create -f deployment.yml --all-traffic

# Rows of the test file as {"data": [{"age": 63, ...}, ...]}.
request=$(mktemp)
trap 'rm -f "$request"' EXIT
python3 - > "$request" <<'PY'
import csv, json, sys

with open("heart.test.csv", newline="", encoding="utf-8") as file:
    rows = [{name: float(cell) for name, cell in row.items() if name} for row in csv.DictReader(file)]
json.dump({"data": rows}, sys.stdout)
PY
bancada online-endpoint invoke --name heart-endpoint --request-file "$request"
