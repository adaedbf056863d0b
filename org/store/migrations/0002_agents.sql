-- Agents that are programs of others: why they wait, their conversation, nudges with their outcome, tokens and dollars.
ALTER TABLE agents ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN until TEXT;
ALTER TABLE agents ADD COLUMN session TEXT;
ALTER TABLE agents ADD COLUMN context REAL;
ALTER TABLE agents ADD COLUMN heard_at TEXT;
ALTER TABLE agents ADD COLUMN prompted_at TEXT;

CREATE TABLE nudges (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, text TEXT NOT NULL, messages TEXT NOT NULL, way TEXT NOT NULL,
    state TEXT NOT NULL, created_at TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, sent_at TEXT,
    settled_at TEXT
) STRICT;
CREATE INDEX nudges_by_agent ON nudges (agent, id);

CREATE TABLE usage (
    key TEXT PRIMARY KEY, agent TEXT NOT NULL, at TEXT NOT NULL, model TEXT NOT NULL, session TEXT NOT NULL,
    program TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL, dollars REAL
) STRICT;
CREATE INDEX usage_by_agent ON usage (agent, at);
