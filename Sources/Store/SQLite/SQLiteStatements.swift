/// The statements of fixed text, each of which must find its rows by an index: a test asks SQLite for the plan of every one.
enum SQLiteStatements: String, CaseIterable {
    case readHead = """
        SELECT platform_id, revision, digest, committed_at, audit_sequence, credentials_version FROM head WHERE id = 1
        """
    case writeHead = """
        UPDATE head SET platform_id = ?, revision = ?, digest = ?, committed_at = ?, audit_sequence = ?, credentials_version = ?
        WHERE id = 1
        """
    case insertHead = """
        INSERT INTO head (id, platform_id, revision, digest, committed_at, audit_sequence, credentials_version)
        VALUES (1, ?, 0, ?, 0, 0, 0)
        """

    // Appending

    case insertChange = """
        INSERT INTO changes (revision, project, author, committed_at, message, digest, previous_digest, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    case insertScope = """
        INSERT OR IGNORE INTO change_scopes (project, environment, revision, kind) VALUES (?, ?, ?, ?)
        """
    case findItem = """
        SELECT i.item, h.revision, h.stands FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ? AND i.environment = ? AND i.kind = ? AND i.key = ?
        """
    case insertItemHead = """
        INSERT INTO item_heads (revision, stands) VALUES (?, 1)
        """
    case insertItem = """
        INSERT INTO items (project, environment, kind, key, item) VALUES (?, ?, ?, ?, ?)
        """
    case moveItemHead = """
        UPDATE item_heads SET revision = ?, stands = ? WHERE item = ?
        """
    case insertVersion = """
        INSERT INTO item_versions (revision, item, previous_revision, value, digest) VALUES (?, ?, ?, ?, ?)
        """
    case insertScopesOfEnvironment = """
        INSERT OR IGNORE INTO change_scopes (project, environment, revision, kind)
        SELECT DISTINCT i.project, i.environment, ?1, i.kind
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ?2 AND i.environment = ?3 AND h.stands = 1
        """
    case endVersionsOfEnvironment = """
        INSERT INTO item_versions (revision, item, previous_revision)
        SELECT ?1, i.item, h.revision FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ?2 AND i.environment = ?3 AND h.stands = 1
        """
    case endHeadsOfEnvironment = """
        UPDATE item_heads SET revision = ?1, stands = 0
        WHERE item IN (SELECT item FROM items WHERE project = ?2 AND environment = ?3) AND stands = 1
        """
    case insertScopesOfProject = """
        INSERT OR IGNORE INTO change_scopes (project, environment, revision, kind)
        SELECT DISTINCT i.project, i.environment, ?1, i.kind
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ?2 AND h.stands = 1
        """
    case endVersionsOfProject = """
        INSERT INTO item_versions (revision, item, previous_revision)
        SELECT ?1, i.item, h.revision FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ?2 AND h.stands = 1
        """
    case endHeadsOfProject = """
        UPDATE item_heads SET revision = ?1, stands = 0
        WHERE item IN (SELECT item FROM items WHERE project = ?2) AND stands = 1
        """
    case insertEvent = """
        INSERT INTO audit_events
            (sequence, occurred_at, actor, action, target, outcome, revision, body, salt, leaf_hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    // Credentials and idempotency

    case insertCredential = """
        INSERT INTO credentials
            (id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    case revokeCredential = """
        UPDATE credentials SET revoked_at = coalesce(revoked_at, ?), version = ? WHERE id = ?
        """
    case dropSession = """
        DELETE FROM credentials WHERE id = ? AND purpose = 'session'
        """
    case credentialsAfter = """
        SELECT id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail FROM credentials
        WHERE version > ? ORDER BY version, id
        """
    case recordUse = """
        INSERT INTO credential_uses (credential, used_at) VALUES (?, ?)
        ON CONFLICT (credential) DO UPDATE SET used_at = max(used_at, excluded.used_at)
        """
    case dropUse = """
        DELETE FROM credential_uses WHERE credential = ?
        """
    case readIdempotencyRecord = """
        SELECT principal, key, request_digest, revision, committed, expires_at FROM idempotency_records
        WHERE principal = ? AND key = ?
        """
    case putIdempotencyRecord = """
        INSERT INTO idempotency_records (principal, key, request_digest, revision, committed, expires_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (principal, key) DO UPDATE SET
            request_digest = excluded.request_digest, revision = excluded.revision, committed = excluded.committed,
            expires_at = excluded.expires_at
        WHERE idempotency_records.expires_at <= ?
        """
    case dropIdempotencyRecords = """
        DELETE FROM idempotency_records WHERE expires_at <= ?
        """
    case liveIdempotencyRecords = """
        SELECT principal, key, request_digest, revision, committed, expires_at FROM idempotency_records
        WHERE expires_at > ?
        """

    // Usage of flags

    case addFlagUsage = """
        INSERT INTO flag_usage (project, flag, environment, hour, client, variant, reason, evaluations, last_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (project, flag, hour, environment, client, variant, reason) DO UPDATE SET
            evaluations = min(evaluations, 9223372036854775807 - excluded.evaluations) + excluded.evaluations,
            last_at = max(last_at, excluded.last_at)
        """
    case dropFlagUsage = """
        DELETE FROM flag_usage WHERE hour < ?
        """
    case flagUsage = """
        SELECT project, flag, environment, hour, client, variant, reason, evaluations, last_at FROM flag_usage
        WHERE project = ? AND flag = ? AND hour >= ? AND hour <= ? AND (environment = ? OR ? = '')
        ORDER BY hour DESC, environment DESC, client DESC, variant DESC, reason DESC LIMIT ?
        """
    case flagUsageOfProject = """
        SELECT project, flag, environment, hour, client, variant, reason, evaluations, last_at FROM flag_usage
        WHERE project = ? ORDER BY flag
        """

    // Assignments of experiments

    case addAssignment = """
        INSERT INTO experiment_assignments (project, flag, environment, experiment, version, unit, variant,
            first_at, last_at, last_day, exposures, attributes, client)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (project, flag, environment, experiment, version, unit, variant) DO UPDATE SET
            first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
            last_day = max(last_day, excluded.last_day),
            exposures = min(exposures, 9223372036854775807 - excluded.exposures) + excluded.exposures
        """
    case addToKnownAssignment = """
        UPDATE experiment_assignments SET
            first_at = min(first_at, ?8), last_at = max(last_at, ?9), last_day = max(last_day, ?10),
            exposures = min(exposures, 9223372036854775807 - ?11) + ?11
        WHERE project = ?1 AND flag = ?2 AND environment = ?3 AND experiment = ?4 AND version = ?5 AND unit = ?6
            AND variant = ?7
        """
    case dropAssignments = """
        DELETE FROM experiment_assignments WHERE last_day < ?
        """
    case assignmentsOfExperiment = """
        SELECT version, unit, variant, exposures, first_at, last_at FROM experiment_assignments
        WHERE project = ? AND flag = ? AND environment = ? AND experiment = ?
        ORDER BY version, unit
        """
    case assignments = """
        SELECT unit, variant, first_at, last_at, exposures, attributes, client FROM experiment_assignments
        WHERE project = ? AND flag = ? AND environment = ? AND experiment = ? AND version = ? AND (unit, variant) > (?, ?)
        ORDER BY unit, variant LIMIT ?
        """

    // Leases

    case readLease = """
        SELECT name, holder, fence, taken_at, expires_at FROM leases WHERE name = ?
        """
    case putLease = """
        INSERT INTO leases (name, holder, fence, taken_at, expires_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder, fence = excluded.fence, taken_at = excluded.taken_at, expires_at = excluded.expires_at
        WHERE leases.fence <= excluded.fence
        """

    // Reading

    case standingItemsOfProject = """
        SELECT i.project, i.environment, i.kind, i.key, h.revision, v.value, v.digest
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
            CROSS JOIN item_versions AS v ON v.revision = h.revision AND v.item = i.item
        WHERE i.project = ? AND h.stands = 1 ORDER BY i.environment, i.kind, i.key
        """
    case itemHeadsOfProject = """
        SELECT i.project, i.environment, i.kind, i.key, h.revision, i.item
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE i.project = ? ORDER BY i.environment, i.kind, i.key
        """
    case itemHeadsFrom = """
        SELECT i.project, i.environment, i.kind, i.key, h.revision, i.item
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        WHERE (i.project, i.environment, i.kind, i.key) >= (?, ?, ?, ?)
        ORDER BY i.project, i.environment, i.kind, i.key
        """
    case readVersion = """
        SELECT previous_revision, value, digest FROM item_versions WHERE revision = ? AND item = ?
        """
    case changesAfter = """
        SELECT revision, project, author, committed_at, message, digest, previous_digest, body FROM changes
        WHERE revision > ? ORDER BY revision
        """
    case changeCount = """
        SELECT count(*) FROM changes WHERE project = ? AND revision > ? AND revision <= ?
        """
    case changeSummary = """
        SELECT author, committed_at, message FROM changes WHERE revision = ?
        """
    /// The newest revision that is not younger than a time: changes are in the order of their times, so it halves what lies between.
    case revisionAt = """
        WITH RECURSIVE search (low, high) AS (
            SELECT 0, revision FROM head WHERE id = 1
            UNION ALL
            SELECT CASE WHEN c.committed_at <= ?1 THEN c.revision ELSE s.low END,
                CASE WHEN c.committed_at <= ?1 THEN s.high ELSE c.revision - 1 END
            FROM search AS s CROSS JOIN changes AS c ON c.revision = (s.low + s.high + 1) / 2
            WHERE s.low < s.high)
        SELECT low FROM search WHERE low = high
        """
}

/// The statements that read a whole table, because all of it is asked for.
enum SQLiteScans: String, CaseIterable {
    case standingItems = """
        SELECT i.project, i.environment, i.kind, i.key, h.revision, v.value, v.digest
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
            CROSS JOIN item_versions AS v ON v.revision = h.revision AND v.item = i.item
        WHERE h.stands = 1 ORDER BY i.project, i.environment, i.kind, i.key
        """
    case itemHeads = """
        SELECT i.project, i.environment, i.kind, i.key, h.revision, i.item
        FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item
        ORDER BY i.project, i.environment, i.kind, i.key
        """
    case credentials = """
        SELECT id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail FROM credentials
        ORDER BY id
        """
    case credentialUses = """
        SELECT credential, used_at FROM credential_uses
        """
    case leases = """
        SELECT name, holder, fence, taken_at, expires_at FROM leases ORDER BY name
        """
}

/// What the tables of items must agree on and no constraint says: each finds rows that should not be.
enum SQLiteItemChecks: String, CaseIterable {
    case headWithoutVersion = """
        SELECT 'item ' || h.item || ' is said to be at revision ' || h.revision || ', where it has no such version'
        FROM item_heads AS h LEFT JOIN item_versions AS v ON v.revision = h.revision AND v.item = h.item
        WHERE v.item IS NULL OR (v.value IS NOT NULL) <> h.stands
        """
    case versionWithoutPredecessor = """
        SELECT 'item ' || v.item || ' lacks version ' || v.previous_revision || ', which version ' || v.revision || ' follows'
        FROM item_versions AS v LEFT JOIN item_versions AS p ON p.revision = v.previous_revision AND p.item = v.item
        WHERE v.previous_revision IS NOT NULL AND p.item IS NULL
        """
    case versionOutOfReach = """
        SELECT 'there are ' || count(*) || ' versions of items, of which '
            || (count(previous_revision) + (SELECT count(*) FROM item_heads)) || ' can be reached'
        FROM item_versions
        HAVING count(*) <> count(previous_revision) + (SELECT count(*) FROM item_heads)
        """
    case headWithoutAddress = """
        SELECT 'item ' || h.item || ' has no address' FROM item_heads AS h LEFT JOIN items AS i ON i.item = h.item
        WHERE i.item IS NULL
        """
}
