extension Migration {
    /// What credentials may do, whose they are, and when they were used last.
    ///
    /// `detail` is JSON: `{"grants": […], "maker": …, "owner": …, "password": …}`. Tokens of before could do everything, and still can.
    /// `version` is the head's `credentials_version` when the row was last written, so that replicas read only what is new to them.
    static let access = Migration(
        number: 2, name: "access",
        sqlite: """
            ALTER TABLE credentials ADD COLUMN detail TEXT NOT NULL DEFAULT '{"grants":[{"role":"administrator"}]}';
            ALTER TABLE credentials ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
            CREATE INDEX credentials_by_version ON credentials (version);

            CREATE TABLE credential_uses (
                credential TEXT PRIMARY KEY NOT NULL,
                used_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """,
        postgreSQL: """
            ALTER TABLE credentials
                ADD COLUMN detail TEXT COLLATE "C" NOT NULL DEFAULT '{"grants":[{"role":"administrator"}]}';
            ALTER TABLE credentials ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
            CREATE INDEX credentials_by_version ON credentials (version);

            CREATE TABLE credential_uses (
                credential TEXT COLLATE "C" PRIMARY KEY NOT NULL,
                used_at BIGINT NOT NULL
            );
            """)
}
