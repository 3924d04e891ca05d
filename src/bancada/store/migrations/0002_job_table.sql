-- For the table of jobs: what is not below another job, and children by the hundred, are counted without their rows.
CREATE INDEX jobs_living ON jobs (workspace, id, archived) WHERE deleted = 0;
CREATE INDEX jobs_living_children ON jobs (workspace, parent) WHERE parent IS NOT NULL AND deleted = 0;
-- The story of one thing among the events of many.
CREATE INDEX events_of_subject ON events (workspace, kind, name, seq);
