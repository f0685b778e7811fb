extension Migration {
    /// Which replica does what only one of them is to do at a time.
    ///
    /// A row stays when its lease has ended, so that `fence` grows with every other holder for as long as the store lives.
    static let leases = Migration(
        number: 3, name: "leases",
        sqlite: """
            CREATE TABLE leases (
                name TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
                holder TEXT NOT NULL CHECK (holder <> ''),
                fence INTEGER NOT NULL CHECK (fence >= 1),
                taken_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                CHECK (expires_at >= taken_at)
            ) STRICT, WITHOUT ROWID;
            """,
        postgreSQL: """
            CREATE TABLE leases (
                name TEXT COLLATE "C" PRIMARY KEY CHECK (name <> ''),
                holder TEXT COLLATE "C" NOT NULL CHECK (holder <> ''),
                fence BIGINT NOT NULL CHECK (fence >= 1),
                taken_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                CHECK (expires_at >= taken_at)
            ) WITH (fillfactor = 50);
            """)
}
