-- Verdicts that hold: studies (curve, sentinel, noise, certificate, stack, ablation, rung …), screens, labels, idle time.
CREATE TABLE studies (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL, program TEXT, plan TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, done_at TEXT
) STRICT;
CREATE INDEX studies_by_state ON studies (state);
CREATE INDEX studies_by_subject ON studies (subject, kind);

ALTER TABLE runs ADD COLUMN study TEXT;
ALTER TABLE runs ADD COLUMN gang INTEGER NOT NULL DEFAULT 1; -- devices that the run needs at once
CREATE INDEX runs_by_study ON runs (study);

ALTER TABLE experiments ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE experiments ADD COLUMN label_detail TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiments ADD COLUMN screen TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiments ADD COLUMN screen_pool INTEGER;
ALTER TABLE experiments ADD COLUMN extra_runs INTEGER NOT NULL DEFAULT 0; -- granted beyond the race's last look

CREATE TABLE idle (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, since TEXT NOT NULL, until TEXT, cause TEXT NOT NULL
) STRICT;
CREATE INDEX idle_by_device ON idle (device, since);
ALTER TABLE idle ADD COLUMN detail TEXT NOT NULL DEFAULT ''; -- who paused, which limit, whose lock

ALTER TABLE merges ADD COLUMN kind TEXT NOT NULL DEFAULT 'merge'; -- merge, revert, stack, root
ALTER TABLE merges ADD COLUMN detail TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiments ADD COLUMN parts TEXT NOT NULL DEFAULT '{}'; -- as its author marked them, for an ablation
