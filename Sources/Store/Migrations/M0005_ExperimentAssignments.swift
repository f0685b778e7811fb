extension Migration {
    /// Which units experiments gave which variants. Nothing else depends on it, and none of it is in backups. The index goes by days, so that
    /// what is seen again on the same day leaves it as it is.
    static let experimentAssignments = Migration(
        number: 5, name: "experiment-assignments",
        sqlite: """
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
            """,
        postgreSQL: """
            CREATE TABLE experiment_assignments (
                project TEXT COLLATE "C" NOT NULL,
                flag TEXT COLLATE "C" NOT NULL,
                environment TEXT COLLATE "C" NOT NULL,
                experiment TEXT COLLATE "C" NOT NULL,
                version TEXT COLLATE "C" NOT NULL,
                unit TEXT COLLATE "C" NOT NULL,
                variant TEXT COLLATE "C" NOT NULL,
                first_at BIGINT NOT NULL,
                last_at BIGINT NOT NULL,
                last_day BIGINT NOT NULL,
                exposures BIGINT NOT NULL CHECK (exposures >= 1),
                attributes TEXT COLLATE "C" NOT NULL,
                client TEXT COLLATE "C" NOT NULL,
                PRIMARY KEY (project, flag, environment, experiment, version, unit, variant)
            ) WITH (fillfactor = 80);
            CREATE INDEX experiment_assignments_by_day ON experiment_assignments (last_day);
            """)
}
