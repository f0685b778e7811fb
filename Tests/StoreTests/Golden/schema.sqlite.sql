PRAGMA application_id = 1128679248;

CREATE TABLE audit_events (
    sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
    occurred_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    revision INTEGER REFERENCES changes (revision),
    body BLOB NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32)
) STRICT;

CREATE TABLE change_scopes (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    revision INTEGER NOT NULL REFERENCES changes (revision),
    kind TEXT NOT NULL CHECK (kind <> ''),
    PRIMARY KEY (project, environment, revision, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    revision INTEGER PRIMARY KEY CHECK (revision >= 1),
    project TEXT NOT NULL,
    author TEXT NOT NULL,
    committed_at INTEGER NOT NULL,
    message TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    previous_digest BLOB NOT NULL CHECK (length(previous_digest) = 32),
    body BLOB NOT NULL
) STRICT;

CREATE INDEX changes_by_author ON changes (author);

CREATE INDEX changes_by_project ON changes (project);

CREATE TABLE credential_uses (
    credential TEXT PRIMARY KEY NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
, detail TEXT NOT NULL DEFAULT '{"grants":[{"role":"administrator"}]}', version INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX credentials_by_version ON credentials (version);

CREATE TABLE experiment_assignments (
    project TEXT NOT NULL,
    flag TEXT NOT NULL,
    environment TEXT NOT NULL,
    experiment TEXT NOT NULL,
    version TEXT NOT NULL,
    unit TEXT NOT NULL,
    variant TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    exposures INTEGER NOT NULL CHECK (exposures >= 1),
    attributes TEXT NOT NULL,
    client TEXT NOT NULL,
    PRIMARY KEY (project, flag, environment, experiment, version, unit, variant)
) STRICT, WITHOUT ROWID;

CREATE INDEX experiment_assignments_by_day ON experiment_assignments (last_day);

CREATE TABLE flag_usage (
    project TEXT NOT NULL,
    flag TEXT NOT NULL,
    environment TEXT NOT NULL,
    hour INTEGER NOT NULL,
    client TEXT NOT NULL,
    variant TEXT NOT NULL,
    reason TEXT NOT NULL,
    evaluations INTEGER NOT NULL CHECK (evaluations >= 1),
    last_at INTEGER NOT NULL,
    PRIMARY KEY (project, flag, hour, environment, client, variant, reason)
) STRICT, WITHOUT ROWID;

CREATE INDEX flag_usage_by_hour ON flag_usage (hour);

CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    platform_id TEXT NOT NULL CHECK (platform_id <> ''),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    committed_at INTEGER NOT NULL,
    audit_sequence INTEGER NOT NULL CHECK (audit_sequence >= 0),
    credentials_version INTEGER NOT NULL CHECK (credentials_version >= 0)
) STRICT;

CREATE TABLE idempotency_records (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    committed INTEGER NOT NULL CHECK (committed IN (0, 1)),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);

CREATE TABLE item_heads (
    item INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL REFERENCES changes (revision),
    stands INTEGER NOT NULL CHECK (stands IN (0, 1))
) STRICT;

CREATE TABLE item_versions (
    revision INTEGER NOT NULL REFERENCES changes (revision),
    item INTEGER NOT NULL REFERENCES item_heads (item),
    previous_revision INTEGER CHECK (previous_revision < revision),
    value BLOB,
    digest BLOB CHECK (length(digest) = 32),
    PRIMARY KEY (revision, item),
    CHECK ((value IS NULL) = (digest IS NULL)),
    CHECK (value IS NOT NULL OR previous_revision IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind <> ''),
    key TEXT NOT NULL,
    item INTEGER NOT NULL UNIQUE REFERENCES item_heads (item),
    PRIMARY KEY (project, environment, kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
    holder TEXT NOT NULL CHECK (holder <> ''),
    fence INTEGER NOT NULL CHECK (fence >= 1),
    taken_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK (expires_at >= taken_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_migrations (
    number INTEGER PRIMARY KEY CHECK (number >= 1),
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;
