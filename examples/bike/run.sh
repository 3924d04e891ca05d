#!/usr/bin/env bash
# The bike story as YAML files and commands. The platform must be up (`bancada up --detach`).
set -euo pipefail
cd "$(dirname "$0")"

bancada compute create --name cpu-cluster --type amlcompute --size STANDARD_DS3_V2 --min-instances 0 --max-instances 2

prepared=$(bancada job create -f prepare.yml --query name -o tsv)
bancada job stream --name "$prepared"

automl=$(bancada job create -f automl.yml --query name -o tsv --set \
  training_data.path="azureml://jobs/$prepared/outputs/train" \
  test_data.type=mltable test_data.path="azureml://jobs/$prepared/outputs/test")
bancada job stream --name "$automl"
bancada job show --name "$automl" --query "results.leaderboard[].[trial, algorithm, value]" -o tsv
best=$(bancada job show --name "$automl" --query properties.best_child_run_id -o tsv)
echo "Best child: $best"

bancada model create --name bike --type mlflow_model --path "azureml://jobs/$best/outputs/artifacts/outputs/mlflow-model"
bancada online-endpoint create -f endpoint.yml
bancada online-deployment create -f deployment.yml --all-traffic
bancada online-endpoint invoke --name bike-endpoint --request-file request.json
