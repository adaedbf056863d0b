-- The lab of schema 2 as schema 3 left it, with one open study, one device that idles.
BEGIN TRANSACTION;
CREATE TABLE agents (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, backend TEXT NOT NULL, state TEXT NOT NULL, control TEXT NOT NULL,
    state_since TEXT NOT NULL, control_since TEXT NOT NULL, program TEXT, device TEXT, branch TEXT, branch_base TEXT,
    controlled_by TEXT, control_note TEXT NOT NULL, control_commit TEXT, last_words TEXT NOT NULL,
    deaths INTEGER NOT NULL, died_at TEXT, reason TEXT NOT NULL
, cause TEXT NOT NULL DEFAULT '', until TEXT, session TEXT, context REAL, heard_at TEXT, prompted_at TEXT) STRICT;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL,
    detail TEXT NOT NULL, organization TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'2030-01-02T03:04:05.000+00:00','run.queued','R1','office','{"purpose": "pool", "experiment": null, "seed": 42}','0123456789abcdef');
INSERT INTO "events" VALUES(2,'2030-01-02T03:04:05.000+00:00','run.running','R1','office','{"reason": "", "experiment": null, "metric": null, "device": "cpu:0"}','0123456789abcdef');
INSERT INTO "events" VALUES(3,'2030-01-02T03:04:05.000+00:00','run.succeeded','R1','office','{"reason": "", "experiment": null, "metric": 1.02, "device": "cpu:0"}','0123456789abcdef');
INSERT INTO "events" VALUES(4,'2030-01-02T03:04:05.000+00:00','run.queued','R2','office','{"purpose": "race", "experiment": "E1", "seed": 42}','0123456789abcdef');
INSERT INTO "events" VALUES(5,'2030-01-02T03:04:05.000+00:00','run.running','R2','office','{"reason": "", "experiment": "E1", "metric": null, "device": "cpu:0"}','0123456789abcdef');
INSERT INTO "events" VALUES(6,'2030-01-02T03:04:05.000+00:00','run.succeeded','R2','office','{"reason": "", "experiment": "E1", "metric": 0.98, "device": "cpu:0"}','0123456789abcdef');
CREATE TABLE experiments (
    id TEXT PRIMARY KEY, program TEXT NOT NULL REFERENCES programs (slug), author TEXT NOT NULL, state TEXT NOT NULL,
    claim TEXT NOT NULL, margin REAL NOT NULL, subject TEXT NOT NULL, because TEXT NOT NULL, predict TEXT NOT NULL,
    base_commit TEXT NOT NULL, tip_commit TEXT NOT NULL, base_tree TEXT NOT NULL, run_tree TEXT NOT NULL,
    created_at TEXT NOT NULL, predicted_gain REAL, branch TEXT NOT NULL, idea INTEGER, pool INTEGER, merge_tree TEXT,
    merge_onto TEXT, merged_commit TEXT, reason TEXT NOT NULL, decision TEXT NOT NULL, gain REAL,
    lines_added INTEGER NOT NULL, lines_removed INTEGER NOT NULL, decided_at TEXT
, label TEXT NOT NULL DEFAULT '', label_detail TEXT NOT NULL DEFAULT '{}', screen TEXT NOT NULL DEFAULT '{}', screen_pool INTEGER, extra_runs INTEGER NOT NULL DEFAULT 0, parts TEXT NOT NULL DEFAULT '{}') STRICT;
INSERT INTO "experiments" VALUES('E1','free','junior-1','racing','improve',0.0,'lr = 0.3','faster','better','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','cccccccccccccccccccccccccccccccccccccccc','dddddddddddddddddddddddddddddddddddddddd','2030-01-02T03:04:05.000+00:00',NULL,'',NULL,1,NULL,NULL,NULL,'','{}',NULL,0,0,NULL,'','{}','{}',NULL,0,'{}');
CREATE TABLE ideas (
    id INTEGER PRIMARY KEY, text TEXT NOT NULL, author TEXT NOT NULL, created_at TEXT NOT NULL, state TEXT NOT NULL,
    program TEXT, experiment TEXT
) STRICT;
CREATE TABLE idle (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, since TEXT NOT NULL, until TEXT, cause TEXT NOT NULL
, detail TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "idle" VALUES(1,'cpu:0','2026-03-02T09:00:00.000+00:00',NULL,'nothing proposed','');
CREATE TABLE leases (
    device TEXT PRIMARY KEY, holder TEXT NOT NULL, since TEXT NOT NULL
) STRICT;
CREATE TABLE merges (
    id INTEGER PRIMARY KEY, experiment TEXT NOT NULL, program TEXT NOT NULL, ref TEXT NOT NULL, old TEXT NOT NULL,
    new TEXT NOT NULL, tree TEXT NOT NULL, state TEXT NOT NULL, intended_at TEXT NOT NULL, done_at TEXT
, kind TEXT NOT NULL DEFAULT 'merge', detail TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE messages (
    id TEXT PRIMARY KEY, sender TEXT NOT NULL, "to" TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, sent_at TEXT NOT NULL, refs TEXT NOT NULL, reply_to TEXT, delivered_at TEXT, read_at TEXT
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('lab','test');
INSERT INTO "meta" VALUES('organization','0123456789abcdef');
CREATE TABLE nudges (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, text TEXT NOT NULL, messages TEXT NOT NULL, way TEXT NOT NULL,
    state TEXT NOT NULL, created_at TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, sent_at TEXT,
    settled_at TEXT
) STRICT;
INSERT INTO "nudges" VALUES(1,'junior-1','ORG-1: 1 new letter','["verdict-E1"]','typed','delivered','2026-03-02T09:00:00.000+00:00','',1,'2026-03-02T09:00:01.000+00:00','2026-03-02T09:00:02.000+00:00');
CREATE TABLE pool_slots (
    pool INTEGER NOT NULL REFERENCES pools (id), slot INTEGER NOT NULL, run TEXT NOT NULL REFERENCES runs (id),
    fresh INTEGER NOT NULL, PRIMARY KEY (pool, slot)
) STRICT;
INSERT INTO "pool_slots" VALUES(1,0,'R1',1);
CREATE TABLE pools (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, tree TEXT NOT NULL, rung INTEGER NOT NULL, budget TEXT NOT NULL,
    environment TEXT NOT NULL, device_model TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
INSERT INTO "pools" VALUES(1,'kkkkkkkkkkkkkkkkkkkkkkkk','cccccccccccccccccccccccccccccccccccccccc',0,'100step','eeeeeeeeeeeeeeee','cpu x86_64','2030-01-02T03:04:05.000+00:00');
CREATE TABLE programs (
    slug TEXT PRIMARY KEY, title TEXT NOT NULL, state TEXT NOT NULL, question TEXT NOT NULL, claim TEXT NOT NULL,
    margin REAL NOT NULL, objective TEXT NOT NULL, editable TEXT NOT NULL, space TEXT NOT NULL,
    allowance TEXT NOT NULL, stop TEXT NOT NULL, brief TEXT NOT NULL, created_by TEXT NOT NULL,
    created_at TEXT NOT NULL, needs TEXT NOT NULL, root_commit TEXT, head_commit TEXT, reason TEXT NOT NULL,
    opened_at TEXT, closed_at TEXT, extra TEXT NOT NULL
) STRICT;
INSERT INTO "programs" VALUES('free','Free research','open','What helps?','improve',0.0,'time','["fit/recipe.yaml"]','{"lr": {"low": 0.1, "high": 1.0}}','{"device_hours": 2.0}','{"discards": 20}','Try.','chief','2030-01-02T03:04:05.000+00:00','[]','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','','2030-01-02T03:04:05.000+00:00',NULL,'{}');
CREATE TABLE questions (
    id TEXT PRIMARY KEY, asker TEXT NOT NULL, text TEXT NOT NULL, asked_at TEXT NOT NULL, default_answer TEXT,
    due_at TEXT, answer TEXT, answered_by TEXT, answered_at TEXT
) STRICT;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY, verb TEXT NOT NULL, actor TEXT NOT NULL, args TEXT NOT NULL, asked_at TEXT,
    state TEXT NOT NULL, answer TEXT NOT NULL, answered_at TEXT
) STRICT;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, purpose TEXT NOT NULL, state TEXT NOT NULL, tree TEXT NOT NULL, seed INTEGER NOT NULL,
    slot INTEGER NOT NULL, rung INTEGER NOT NULL, depth INTEGER, budget TEXT NOT NULL, queued_at TEXT NOT NULL,
    program TEXT, experiment TEXT, pool INTEGER REFERENCES pools (id), attempt INTEGER NOT NULL, device TEXT,
    metric REAL, reason TEXT NOT NULL, record TEXT NOT NULL, result TEXT NOT NULL, train_seconds REAL,
    total_seconds REAL, started_at TEXT, finished_at TEXT
, study TEXT, gang INTEGER NOT NULL DEFAULT 1) STRICT;
INSERT INTO "runs" VALUES('R1','pool','succeeded','cccccccccccccccccccccccccccccccccccccccc',42,0,0,NULL,'100step','2030-01-02T03:04:05.000+00:00','free',NULL,1,1,'cpu:0',1.02,'','{}','{}',NULL,1.5,'2030-01-02T03:04:05.000+00:00','2030-01-02T03:04:05.000+00:00',NULL,1);
INSERT INTO "runs" VALUES('R2','race','succeeded','dddddddddddddddddddddddddddddddddddddddd',42,0,0,NULL,'100step','2030-01-02T03:04:05.000+00:00','free','E1',1,1,'cpu:0',0.98,'','{}','{}',NULL,1.5,'2030-01-02T03:04:05.000+00:00','2030-01-02T03:04:05.000+00:00',NULL,1);
CREATE TABLE sections (
    standup INTEGER NOT NULL REFERENCES standups (id), agent TEXT NOT NULL, body TEXT NOT NULL,
    received_at TEXT NOT NULL, PRIMARY KEY (standup, agent)
) STRICT;
CREATE TABLE standups (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, asked_at TEXT NOT NULL, due_at TEXT NOT NULL, written_at TEXT,
    path TEXT NOT NULL
) STRICT;
CREATE TABLE studies (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL, program TEXT, plan TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, done_at TEXT
) STRICT;
INSERT INTO "studies" VALUES('S1','noise','pool-1','open','me','2026-03-02T09:00:00.000+00:00',NULL,'{"tree": "t"}','{}','',NULL);
CREATE TABLE usage (
    key TEXT PRIMARY KEY, agent TEXT NOT NULL, at TEXT NOT NULL, model TEXT NOT NULL, session TEXT NOT NULL,
    program TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL, dollars REAL
) STRICT;
INSERT INTO "usage" VALUES('msg_1','junior-1','2026-03-02T09:00:00.000+00:00','a-model','s','free',10,20,30,40,NULL);
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY, experiment TEXT NOT NULL REFERENCES experiments (id), at TEXT NOT NULL,
    kind TEXT NOT NULL, looks INTEGER NOT NULL, verdict TEXT NOT NULL, decision TEXT NOT NULL,
    UNIQUE (experiment, kind, looks, verdict)
) STRICT;
CREATE INDEX experiments_by_state ON experiments (state);
CREATE INDEX experiments_by_program ON experiments (program, created_at);
CREATE INDEX experiments_by_tree ON experiments (run_tree);
CREATE INDEX runs_by_state ON runs (state);
CREATE INDEX runs_by_experiment ON runs (experiment);
CREATE INDEX runs_by_finish ON runs (finished_at);
CREATE INDEX messages_by_reader ON messages ("to", read_at);
CREATE INDEX messages_undelivered ON messages (sent_at) WHERE delivered_at IS NULL;
CREATE INDEX requests_queued ON requests (id) WHERE state = 'queued';
CREATE INDEX events_by_subject ON events (subject, id);
CREATE INDEX events_by_kind ON events (kind, id);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE (ABORT, 'events are only ever appended'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE (ABORT, 'events are only ever appended'); END;
CREATE INDEX nudges_by_agent ON nudges (agent, id);
CREATE INDEX usage_by_agent ON usage (agent, at);
CREATE INDEX studies_by_state ON studies (state);
CREATE INDEX studies_by_subject ON studies (subject, kind);
CREATE INDEX runs_by_study ON runs (study);
CREATE INDEX idle_by_device ON idle (device, since);
COMMIT;
PRAGMA user_version = 3;
