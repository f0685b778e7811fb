extension Migration {
    /// How often flags came to what, by hour and client. Nothing else depends on it, and none of it is in backups.
    static let flagUsage = Migration(
        number: 4, name: "flag-usage",
        sqlite: """
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
            """,
        postgreSQL: """
            CREATE TABLE flag_usage (
                project TEXT COLLATE "C" NOT NULL,
                flag TEXT COLLATE "C" NOT NULL,
                environment TEXT COLLATE "C" NOT NULL,
                hour BIGINT NOT NULL,
                client TEXT COLLATE "C" NOT NULL,
                variant TEXT COLLATE "C" NOT NULL,
                reason TEXT COLLATE "C" NOT NULL,
                evaluations BIGINT NOT NULL CHECK (evaluations >= 1),
                last_at BIGINT NOT NULL,
                PRIMARY KEY (project, flag, hour, environment, client, variant, reason)
            ) WITH (fillfactor = 70);
            CREATE INDEX flag_usage_by_hour ON flag_usage (hour);
            """)
}
