#!/usr/bin/env bash
# The x-ray story as YAML files and commands. The platform must be up (`bancada up --detach`).
# With images of your own: bash run.sh FOLDER, a folder <class>/*.png.
set -euo pipefail
cd "$(dirname "$0")"

bancada compute create --name cpu-cluster --type amlcompute --size STANDARD_DS3_V2 --min-instances 0 --max-instances 2

if [ $# -gt 0 ]; then
  bancada data create --name xray --type uri_folder --path "$1"
else
  digits=$(bancada job create -f digits.yml --query name -o tsv)
  bancada job stream --name "$digits"
  bancada data create --name xray --type uri_folder --path "azureml://jobs/$digits/outputs/training"
fi

bancada job create -f job.yml --stream

sweep=$(bancada job create -f sweep.yml --query name -o tsv)
bancada job stream --name "$sweep"
best=$(bancada job show --name "$sweep" --query properties.best_child_run_id -o tsv)
echo "Best trial: $best"

bancada model create --name xray --type custom_model --path "azureml://jobs/$best/outputs/artifacts/paths/model/"
bancada online-endpoint create -f endpoint.yml
bancada online-deployment create -f deployment.yml --all-traffic
bancada online-endpoint invoke --name xray-endpoint --request-file src/sample_request.json
