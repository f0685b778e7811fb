extension Migration {
    /// The ledger: changes, the versions of items they made, audit events; credentials and idempotency records beside it.
    ///
    /// Times are microseconds since 1970 in UTC. Bodies and values are canonical JSON as bytes, digests SHA-256. Text is compared byte by
    /// byte. The environment is empty where an item belongs to the project as a whole.
    ///
    /// An address gets a number when it is first used (`items`) and keeps it for ever. Each change that alters the item appends a row to
    /// `item_versions`, without a value where the item ended, that names the version before it; no version is written to again, so a
    /// version ends where the next one begins. `item_heads` has each item's newest version and whether that stands. A commit thus
    /// appends at the end of its tables and touches one small row an item, however long the history is: versions filed by address, each
    /// closed in its place, cost four times as much at a hundred thousand changes, and more with every further one.
    ///
    /// `change_scopes` says for each change which kinds of which environments it altered, the items that ended with their environment or
    /// project included.
    ///
    /// SQLite files versions in order of revision and follows the chain; PostgreSQL keeps rows where they were appended anyhow, and finds
    /// them by item. Foreign keys stand where only 'cfg store check' looks at them: SQLite's, for PostgreSQL would run a query a row.
    static let ledger = Migration(
        number: 1, name: "ledger",
        sqlite: """
            PRAGMA application_id = 1128679248;

            CREATE TABLE schema_migrations (
                number INTEGER PRIMARY KEY CHECK (number >= 1),
                name TEXT NOT NULL,
                applied_at INTEGER NOT NULL
            ) STRICT;

            CREATE TABLE head (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                platform_id TEXT NOT NULL CHECK (platform_id <> ''),
                revision INTEGER NOT NULL CHECK (revision >= 0),
                digest BLOB NOT NULL CHECK (length(digest) = 32),
                committed_at INTEGER NOT NULL,
                audit_sequence INTEGER NOT NULL CHECK (audit_sequence >= 0),
                credentials_version INTEGER NOT NULL CHECK (credentials_version >= 0)
            ) STRICT;

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
            CREATE INDEX changes_by_project ON changes (project);
            CREATE INDEX changes_by_author ON changes (author);
            CREATE INDEX changes_by_time ON changes (committed_at);

            CREATE TABLE change_scopes (
                project TEXT NOT NULL,
                environment TEXT NOT NULL,
                revision INTEGER NOT NULL REFERENCES changes (revision),
                kind TEXT NOT NULL CHECK (kind <> ''),
                PRIMARY KEY (project, environment, revision, kind)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE item_heads (
                item INTEGER PRIMARY KEY,
                revision INTEGER NOT NULL REFERENCES changes (revision),
                stands INTEGER NOT NULL CHECK (stands IN (0, 1))
            ) STRICT;

            CREATE TABLE items (
                project TEXT NOT NULL,
                environment TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind <> ''),
                key TEXT NOT NULL,
                item INTEGER NOT NULL UNIQUE REFERENCES item_heads (item),
                PRIMARY KEY (project, environment, kind, key)
            ) STRICT, WITHOUT ROWID;

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

            CREATE TABLE credentials (
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL,
                purpose TEXT NOT NULL,
                hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
                created_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                expires_at INTEGER,
                revoked_at INTEGER
            ) STRICT, WITHOUT ROWID;

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
            """,
        postgreSQL: """
            CREATE TABLE schema_migrations (
                number BIGINT PRIMARY KEY CHECK (number >= 1),
                name TEXT COLLATE "C" NOT NULL,
                applied_at BIGINT NOT NULL
            );

            CREATE TABLE head (
                id SMALLINT PRIMARY KEY CHECK (id = 1),
                platform_id TEXT COLLATE "C" NOT NULL CHECK (platform_id <> ''),
                revision BIGINT NOT NULL CHECK (revision >= 0),
                digest BYTEA NOT NULL CHECK (octet_length(digest) = 32),
                committed_at BIGINT NOT NULL,
                audit_sequence BIGINT NOT NULL CHECK (audit_sequence >= 0),
                credentials_version BIGINT NOT NULL CHECK (credentials_version >= 0)
            ) WITH (fillfactor = 10);

            CREATE TABLE changes (
                revision BIGINT PRIMARY KEY CHECK (revision >= 1),
                project TEXT COLLATE "C" NOT NULL,
                author TEXT COLLATE "C" NOT NULL,
                committed_at BIGINT NOT NULL,
                message TEXT COLLATE "C" NOT NULL,
                digest BYTEA NOT NULL CHECK (octet_length(digest) = 32),
                previous_digest BYTEA NOT NULL CHECK (octet_length(previous_digest) = 32),
                body BYTEA NOT NULL
            );
            CREATE INDEX changes_by_project ON changes (project, revision);
            CREATE INDEX changes_by_author ON changes (author, revision);
            CREATE INDEX changes_by_time ON changes (committed_at, revision);

            CREATE TABLE change_scopes (
                project TEXT COLLATE "C" NOT NULL,
                environment TEXT COLLATE "C" NOT NULL,
                revision BIGINT NOT NULL,
                kind TEXT COLLATE "C" NOT NULL CHECK (kind <> ''),
                PRIMARY KEY (project, environment, revision, kind)
            );

            CREATE TABLE item_heads (
                item BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                revision BIGINT NOT NULL,
                stands BOOLEAN NOT NULL
            ) WITH (fillfactor = 50);

            CREATE TABLE items (
                project TEXT COLLATE "C" NOT NULL,
                environment TEXT COLLATE "C" NOT NULL,
                kind TEXT COLLATE "C" NOT NULL CHECK (kind <> ''),
                key TEXT COLLATE "C" NOT NULL,
                item BIGINT NOT NULL UNIQUE,
                PRIMARY KEY (project, environment, kind, key)
            );

            CREATE TABLE item_versions (
                item BIGINT NOT NULL,
                revision BIGINT NOT NULL,
                previous_revision BIGINT CHECK (previous_revision < revision),
                value BYTEA,
                digest BYTEA CHECK (octet_length(digest) = 32),
                PRIMARY KEY (item, revision),
                CHECK ((value IS NULL) = (digest IS NULL)),
                CHECK (value IS NOT NULL OR previous_revision IS NOT NULL)
            );

            CREATE TABLE audit_events (
                sequence BIGINT PRIMARY KEY CHECK (sequence >= 1),
                occurred_at BIGINT NOT NULL,
                actor TEXT COLLATE "C" NOT NULL,
                action TEXT COLLATE "C" NOT NULL,
                target TEXT COLLATE "C" NOT NULL,
                outcome TEXT COLLATE "C" NOT NULL,
                revision BIGINT,
                body BYTEA NOT NULL,
                salt BYTEA NOT NULL CHECK (octet_length(salt) = 32),
                leaf_hash BYTEA NOT NULL CHECK (octet_length(leaf_hash) = 32)
            );

            CREATE TABLE credentials (
                id TEXT COLLATE "C" PRIMARY KEY,
                name TEXT COLLATE "C" NOT NULL,
                purpose TEXT COLLATE "C" NOT NULL,
                hash BYTEA NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
                created_at BIGINT NOT NULL,
                created_by TEXT COLLATE "C" NOT NULL,
                expires_at BIGINT,
                revoked_at BIGINT
            );

            CREATE TABLE idempotency_records (
                principal TEXT COLLATE "C" NOT NULL,
                key TEXT COLLATE "C" NOT NULL,
                request_digest BYTEA NOT NULL CHECK (octet_length(request_digest) = 32),
                revision BIGINT NOT NULL CHECK (revision >= 0),
                committed BOOLEAN NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (principal, key)
            );
            CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);
            """)
}
