-- All times are milliseconds since 1970. Children come after their parents, so that a reset can go from the bottom up.

CREATE TABLE IF NOT EXISTS keys (
    hash       TEXT PRIMARY KEY,
    scopes     TEXT NOT NULL,              -- separated by spaces
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS folders (
    id        TEXT PRIMARY KEY,
    parent_id TEXT REFERENCES folders (id),
    path      TEXT NOT NULL UNIQUE         -- decoded, from the root
);

CREATE TABLE IF NOT EXISTS files (
    id         TEXT PRIMARY KEY,
    version_id TEXT NOT NULL,
    parent_id  TEXT REFERENCES folders (id),
    name       TEXT NOT NULL,
    folded     TEXT NOT NULL,              -- the name in lower case, for the search
    path       TEXT NOT NULL,              -- decoded, from the root
    mime_type  TEXT NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT,                       -- set when the ledger is first asked for it
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS files_by_name ON files (name, id);

CREATE TABLE IF NOT EXISTS workflows (
    id              TEXT PRIMARY KEY,      -- time-ordered, so this is also the order of creation
    name            TEXT NOT NULL,
    description     TEXT,
    requested_files TEXT NOT NULL,         -- JSON: the slots
    project_id      TEXT
);

CREATE TABLE IF NOT EXISTS agents (
    id          TEXT PRIMARY KEY,          -- time-ordered, so this is also the order of creation
    workflow_id TEXT REFERENCES workflows (id),
    project_id  TEXT,
    created_at  INTEGER NOT NULL,
    visible_at  INTEGER NOT NULL DEFAULT 0, -- nobody sees it before
    deleted_at  INTEGER                    -- from then on only the ledger knows it
);

CREATE TABLE IF NOT EXISTS agent_files (
    agent_id TEXT NOT NULL REFERENCES agents (id),
    position INTEGER NOT NULL,
    file_id  TEXT NOT NULL,                -- a file or a folder
    slot     TEXT,                         -- of the workflow
    PRIMARY KEY (agent_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS turns (
    agent_id    TEXT NOT NULL REFERENCES agents (id),
    number      INTEGER NOT NULL,          -- from 1
    prompt      TEXT,                      -- none when a workflow was launched with files alone
    images      TEXT NOT NULL,             -- JSON: media type, size and hash of each
    started_at  INTEGER NOT NULL,
    running_at  INTEGER NOT NULL,
    tool_at     INTEGER NOT NULL,          -- from here to tool_until it waits for a tool
    tool_until  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,          -- the turn ends here if its answer is ready
    stopping    INTEGER NOT NULL,          -- how long a stop takes
    stop_at     INTEGER,                   -- set by a request to stop
    outcome     TEXT,                      -- JSON, set when the answer is ready; emptied when the turn ends
    answered_at INTEGER,
    ends_at     INTEGER,                   -- when the turn ends, as far as is known
    stale_until INTEGER NOT NULL,          -- until then reads show the turn before
    lag         INTEGER NOT NULL,          -- how much later its messages can be read
    extras      TEXT NOT NULL,             -- JSON: what a fault adds at its end
    status      TEXT,                      -- terminal, or null while the turn is active
    PRIMARY KEY (agent_id, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS turns_ending ON turns (ends_at) WHERE status IS NULL;

CREATE TABLE IF NOT EXISTS messages (
    position   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    turn       INTEGER NOT NULL,
    type       TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_agent ON messages (agent_id, position);

CREATE TABLE IF NOT EXISTS artifacts (
    id         TEXT PRIMARY KEY,
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    turn       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,              -- JSON: the members that depend on the type
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS artifacts_by_agent ON artifacts (agent_id, id);
