-- The first schema. One text for SQLite and PostgreSQL; migrations/__init__.py replaces four words:
--   $ID        an integer key that the database hands out
--   $SEQUENCE  the same, never handed out twice, also after its row was deleted
--   $CLUSTERED rows stored in the order of the primary key (SQLite: WITHOUT ROWID)
--   TEXT       on PostgreSQL with the collation "C", so that both databases sort by bytes
-- Times are seconds since the epoch, except metric timestamps: milliseconds, exactly as the client sent them.
-- Truth values are 0 and 1. Documents are JSON in TEXT.

CREATE TABLE workspaces (
  name TEXT NOT NULL PRIMARY KEY,
  doc TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL
);

-- Every versioned or unversioned resource that is not a job. `version` is '' where a kind has none.
CREATE TABLE resources (
  id $ID,
  workspace TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  doc TEXT NOT NULL,
  state TEXT NOT NULL,
  revision BIGINT NOT NULL,
  archived SMALLINT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  UNIQUE (workspace, kind, name, version)
);
CREATE INDEX resources_of_kind ON resources (kind, id);
CREATE INDEX resources_newest ON resources (workspace, kind, id);
CREATE INDEX resources_versions ON resources (workspace, kind, name, id, archived);

CREATE TABLE experiments (
  id $ID,
  workspace TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  name TEXT NOT NULL,
  artifact_location TEXT NOT NULL,
  deleted SMALLINT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  UNIQUE (workspace, experiment_id),
  UNIQUE (workspace, name)
);
CREATE TABLE experiment_tags (
  experiment BIGINT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment, key)
) $CLUSTERED;

-- A job's row is its MLflow run: `name` is the run id of the protocol, `id` the key that metrics, params and tags use.
-- `type` and `spec` are NULL for a run that no job made. `experiment` and `experiment_id` never change.
CREATE TABLE jobs (
  id $ID,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  parent TEXT,
  type TEXT,
  spec TEXT,
  status TEXT NOT NULL,
  reported_status TEXT,
  experiment BIGINT NOT NULL REFERENCES experiments (id),
  experiment_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  started_at DOUBLE PRECISION,
  ended_at DOUBLE PRECISION,
  reported_start DOUBLE PRECISION,
  attempt BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  archived SMALLINT NOT NULL,
  deleted SMALLINT NOT NULL,
  state TEXT NOT NULL,
  properties TEXT NOT NULL,
  error TEXT,
  user_name TEXT NOT NULL,
  trial_index BIGINT,
  UNIQUE (workspace, name)
);
CREATE INDEX jobs_roots ON jobs (workspace, id, archived) WHERE parent IS NULL AND deleted = 0;
CREATE INDEX jobs_children ON jobs (workspace, parent, trial_index, id) WHERE parent IS NOT NULL;
CREATE INDEX jobs_unfinished ON jobs (id) WHERE type IS NOT NULL AND status NOT IN ('Completed', 'Failed', 'Canceled');
CREATE INDEX jobs_of_experiment ON jobs (experiment, id);
-- The default order of MLflow's run search.
CREATE INDEX jobs_by_start
  ON jobs (experiment, deleted, COALESCE(reported_start, started_at, created_at), name);

-- One row for each run and metric key: the series, with its latest value (greatest step, then timestamp, then value).
-- `value` is 0 where is_nan = 1. `minimum` and `maximum` leave NaN out and are NULL while there was nothing else.
CREATE TABLE metrics (
  id $ID,
  run BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  experiment BIGINT NOT NULL,
  key TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan SMALLINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp BIGINT NOT NULL,
  minimum DOUBLE PRECISION,
  maximum DOUBLE PRECISION,
  UNIQUE (run, key)
);
CREATE INDEX metrics_by_value ON metrics (experiment, key, is_nan, value, run);

-- Every logged point. The primary key makes a repeated request harmless. No foreign key: it would cost one look-up a
-- point; whoever deletes a series deletes its points first.
CREATE TABLE metric_points (
  metric BIGINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan SMALLINT NOT NULL,
  PRIMARY KEY (metric, step, timestamp, value, is_nan)
) $CLUSTERED;

CREATE TABLE params (
  run BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) $CLUSTERED;
CREATE TABLE tags (
  run BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) $CLUSTERED;

-- Data sets that runs read. `tags` of run_datasets is a JSON object (mlflow.data.context and others).
CREATE TABLE datasets (
  id $ID,
  experiment BIGINT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema TEXT,
  profile TEXT,
  UNIQUE (experiment, name, digest)
);
CREATE TABLE run_datasets (
  run BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  dataset BIGINT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  tags TEXT NOT NULL,
  PRIMARY KEY (run, dataset)
) $CLUSTERED;
CREATE INDEX run_datasets_of_dataset ON run_datasets (dataset);

-- Logged models of MLflow 3. `run` is the source run when it is one of ours; `source_run_id` is what the client sent.
CREATE TABLE logged_models (
  id $ID,
  workspace TEXT NOT NULL,
  model_id TEXT NOT NULL,
  experiment BIGINT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  run BIGINT,
  source_run_id TEXT,
  name TEXT NOT NULL,
  model_type TEXT,
  status TEXT NOT NULL,
  status_message TEXT,
  user_name TEXT NOT NULL,
  deleted SMALLINT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  UNIQUE (workspace, model_id)
);
CREATE INDEX logged_models_newest ON logged_models (experiment, created_at, id);
CREATE INDEX logged_models_of_run ON logged_models (run, name, created_at);
CREATE TABLE logged_model_params (
  model BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) $CLUSTERED;
CREATE TABLE logged_model_tags (
  model BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) $CLUSTERED;
-- Latest value by model, key, run and data set ('' where the client named none).
CREATE TABLE logged_model_metrics (
  model BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  run_name TEXT NOT NULL,
  dataset_name TEXT NOT NULL,
  dataset_digest TEXT NOT NULL,
  experiment BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan SMALLINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp BIGINT NOT NULL,
  PRIMARY KEY (model, key, run_name, dataset_name, dataset_digest)
) $CLUSTERED;
CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (experiment, key, is_nan, value, model);
-- Models that a run read (direction 'input') or made ('output'). `model_id` as the client sent it.
CREATE TABLE run_models (
  run BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  direction TEXT NOT NULL,
  model_id TEXT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (run, direction, model_id, step)
) $CLUSTERED;

-- The registry: versions are resources of kind 'models'; a name may exist before its first version.
CREATE TABLE registered_models (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  user_name TEXT NOT NULL,
  deployment_job_id TEXT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (workspace, name)
) $CLUSTERED;
-- `version` is '' for a tag of the name itself.
CREATE TABLE model_tags (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (workspace, name, version, key)
) $CLUSTERED;
CREATE TABLE model_aliases (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  alias TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (workspace, name, alias)
) $CLUSTERED;

-- One row for each subject that shall be looked at. `owner`, `lease_until` are NULL while nobody has it. `token` is the
-- fence: it grows with every claim. `woken` is 1 when it was put again while somebody had it.
CREATE TABLE queue (
  workspace TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  due_at DOUBLE PRECISION NOT NULL,
  priority BIGINT NOT NULL,
  owner TEXT,
  lease_until DOUBLE PRECISION,
  token BIGINT NOT NULL,
  claims BIGINT NOT NULL,
  woken SMALLINT NOT NULL,
  PRIMARY KEY (workspace, kind, name)
);
CREATE INDEX queue_ready ON queue (priority, due_at) WHERE owner IS NULL;
CREATE INDEX queue_due ON queue (due_at) WHERE owner IS NULL;
CREATE INDEX queue_leased ON queue (lease_until) WHERE owner IS NOT NULL;
-- Fencing numbers outlive the rows of `queue`: a subject that comes back must not get an old number.
CREATE TABLE queue_tokens (
  only_row SMALLINT NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
);
INSERT INTO queue_tokens (only_row, last) VALUES (1, 0);

-- One row for each start of a process. `exit` is the keeper's account of its end.
CREATE TABLE attempts (
  workspace TEXT NOT NULL,
  job TEXT NOT NULL,
  number BIGINT NOT NULL,
  launch_folder TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_at DOUBLE PRECISION NOT NULL,
  ended_at DOUBLE PRECISION,
  exit TEXT,
  PRIMARY KEY (workspace, job, number)
);
CREATE INDEX attempts_open ON attempts (created_at) WHERE ended_at IS NULL;

-- What happened, in the order of commits; rows are only added.
CREATE TABLE events (
  seq $SEQUENCE,
  at DOUBLE PRECISION NOT NULL,
  workspace TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  what TEXT NOT NULL,
  who TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX events_of_workspace ON events (workspace, seq);

-- A tree is a named set of files; the bytes lie in the workspace's blob folder under their digest.
CREATE TABLE trees (
  id $ID,
  workspace TEXT NOT NULL,
  root TEXT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  UNIQUE (workspace, root)
);
CREATE TABLE tree_entries (
  tree BIGINT NOT NULL REFERENCES trees (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  digest TEXT NOT NULL,
  size BIGINT NOT NULL,
  executable SMALLINT NOT NULL,
  PRIMARY KEY (tree, path)
) $CLUSTERED;

CREATE TABLE secrets (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (workspace, name)
) $CLUSTERED;
