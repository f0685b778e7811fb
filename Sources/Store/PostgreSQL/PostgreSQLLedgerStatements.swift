/// The statements of fixed text, each of which must find its rows by an index: a test asks PostgreSQL for the plan of every one.
///
/// What is written comes as arrays, a column each, so that a group of changes is a few statements however many rows it has. The driver
/// sends no array with a NULL in it: zero and the empty text stand for it, which are no revision, no value and no digest.
///
/// `OFFSET 0` keeps the planner from turning a look-up for each item into a scan of the heads of all.
enum PostgreSQLLedgerStatements: String, CaseIterable {
    case begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    case beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    case commit = "COMMIT"
    case rollBack = "ROLLBACK"
    /// For a read that lasts as long as its reader takes.
    case withoutTimeout = "SET LOCAL statement_timeout = 0"

    case readHead = """
        SELECT platform_id, revision, digest, committed_at, audit_sequence, credentials_version FROM head WHERE id = 1
        """
    case lockHead = """
        SELECT platform_id, revision, digest, committed_at, audit_sequence, credentials_version FROM head WHERE id = 1 FOR UPDATE
        """
    case writeHead = """
        UPDATE head SET platform_id = $1, revision = $2, digest = $3, committed_at = $4, audit_sequence = $5,
            credentials_version = $6
        WHERE id = 1
        """
    case insertHead = """
        INSERT INTO head (id, platform_id, revision, digest, committed_at, audit_sequence, credentials_version)
        VALUES (1, $1, 0, $2, 0, 0, 0) ON CONFLICT (id) DO NOTHING
        """
    case notify = "SELECT pg_notify('cfg_head', $1)"
    case listen = "LISTEN cfg_head"

    // Appending

    case insertChanges = """
        INSERT INTO changes (revision, project, author, committed_at, message, digest, previous_digest, body)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[])
        """
    case insertScopes = """
        INSERT INTO change_scopes (project, environment, revision, kind)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
        """
    /// Numbers the addresses that have no number yet. Their heads name the first version, which the next statement inserts.
    case insertItems = """
        WITH fresh AS MATERIALIZED (
            SELECT u.project, u.environment, u.kind, u.key, u.revision,
                nextval(pg_get_serial_sequence('item_heads', 'item')) AS item
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
                AS u (project, environment, kind, key, revision)
            WHERE NOT EXISTS (
                SELECT FROM items AS i
                WHERE i.project = u.project AND i.environment = u.environment AND i.kind = u.kind AND i.key = u.key)),
        heads AS (
            INSERT INTO item_heads (item, revision, stands) OVERRIDING SYSTEM VALUE
            SELECT item, revision, true FROM fresh)
        INSERT INTO items (project, environment, kind, key, item)
        SELECT project, environment, kind, key, item FROM fresh
        """
    /// The numbers of addresses, in their order.
    case findItems = """
        SELECT i.item
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
                AS u (project, environment, kind, key, place)
            LEFT JOIN items AS i
                ON i.project = u.project AND i.environment = u.environment AND i.kind = u.kind AND i.key = u.key
        ORDER BY u.place
        """
    /// Appends versions and moves the heads of their items. A version names the one before it in the same call, or else the head's. The
    /// end of an item that does not stand comes out without a predecessor, or without an item, and is refused by the table.
    case insertVersions = """
        WITH steps AS (
            INSERT INTO item_versions (item, revision, previous_revision, value, digest)
            SELECT nullif(u.item, 0), u.revision,
                CASE WHEN u.previous > 0 THEN u.previous
                    WHEN h.revision <> u.revision AND (h.stands OR u.value <> '') THEN h.revision END,
                nullif(u.value, ''), nullif(u.digest, '')
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])
                    AS u (item, revision, previous, value, digest)
                LEFT JOIN item_heads AS h ON h.item = u.item
            RETURNING item, revision, value IS NOT NULL AS stands)
        UPDATE item_heads AS h SET revision = s.revision, stands = s.stands
        FROM (SELECT DISTINCT ON (item) item, revision, stands FROM steps ORDER BY item, revision DESC) AS s
        WHERE h.item = s.item
        """
    case insertScopesOfEnvironment = """
        INSERT INTO change_scopes (project, environment, revision, kind)
        SELECT DISTINCT i.project, i.environment, $1::bigint, i.kind
        FROM items AS i CROSS JOIN LATERAL (SELECT FROM item_heads WHERE item = i.item AND stands OFFSET 0) AS h
        WHERE i.project = $2 AND i.environment = $3
        ON CONFLICT (project, environment, revision, kind) DO NOTHING
        """
    case endItemsOfEnvironment = """
        WITH ends AS (
            INSERT INTO item_versions (item, revision, previous_revision)
            SELECT i.item, $1::bigint, h.revision
            FROM items AS i CROSS JOIN LATERAL (
                SELECT revision FROM item_heads WHERE item = i.item AND stands OFFSET 0) AS h
            WHERE i.project = $2 AND i.environment = $3
            RETURNING item)
        UPDATE item_heads AS h SET revision = $1::bigint, stands = false FROM ends AS e WHERE h.item = e.item
        """
    case insertScopesOfProject = """
        INSERT INTO change_scopes (project, environment, revision, kind)
        SELECT DISTINCT i.project, i.environment, $1::bigint, i.kind
        FROM items AS i CROSS JOIN LATERAL (SELECT FROM item_heads WHERE item = i.item AND stands OFFSET 0) AS h
        WHERE i.project = $2
        ON CONFLICT (project, environment, revision, kind) DO NOTHING
        """
    case endItemsOfProject = """
        WITH ends AS (
            INSERT INTO item_versions (item, revision, previous_revision)
            SELECT i.item, $1::bigint, h.revision
            FROM items AS i CROSS JOIN LATERAL (
                SELECT revision FROM item_heads WHERE item = i.item AND stands OFFSET 0) AS h
            WHERE i.project = $2
            RETURNING item)
        UPDATE item_heads AS h SET revision = $1::bigint, stands = false FROM ends AS e WHERE h.item = e.item
        """
    case insertEvents = """
        INSERT INTO audit_events
            (sequence, occurred_at, actor, action, target, outcome, revision, body, salt, leaf_hash)
        SELECT u.sequence, u.occurred_at, u.actor, u.action, u.target, u.outcome, nullif(u.revision, 0), u.body, u.salt, u.leaf_hash
        FROM unnest(
                $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[], $9::bytea[],
                $10::bytea[])
            AS u (sequence, occurred_at, actor, action, target, outcome, revision, body, salt, leaf_hash)
        """

    // Credentials and idempotency

    case insertCredential = """
        INSERT INTO credentials
            (id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """
    case revokeCredential = """
        UPDATE credentials SET revoked_at = coalesce(revoked_at, $1), version = $2 WHERE id = $3
        """
    case dropSession = """
        DELETE FROM credentials WHERE id = $1 AND purpose = 'session'
        """
    case credentialsAfter = """
        SELECT id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail FROM credentials
        WHERE version > $1 ORDER BY version, id
        """
    case recordUse = """
        INSERT INTO credential_uses (credential, used_at) VALUES ($1, $2)
        ON CONFLICT (credential) DO UPDATE SET used_at = greatest(credential_uses.used_at, excluded.used_at)
        """
    case dropUse = """
        DELETE FROM credential_uses WHERE credential = $1
        """
    case readIdempotencyRecord = """
        SELECT principal, key, request_digest, revision, committed, expires_at FROM idempotency_records
        WHERE principal = $1 AND key = $2
        """
    case dropReplacedIdempotencyRecords = """
        DELETE FROM idempotency_records AS r
        USING unnest($1::text[], $2::text[], $3::bigint[]) AS u (principal, key, recorded_at)
        WHERE r.principal = u.principal AND r.key = u.key AND r.expires_at <= u.recorded_at
        """
    case insertIdempotencyRecords = """
        INSERT INTO idempotency_records (principal, key, request_digest, revision, committed, expires_at)
        SELECT u.principal, u.key, u.request_digest, u.revision, u.committed <> 0, u.expires_at
        FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS u (principal, key, request_digest, revision, committed, expires_at)
        """
    case dropIdempotencyRecords = """
        DELETE FROM idempotency_records WHERE expires_at <= $1
        """
    case liveIdempotencyRecords = """
        SELECT principal, key, request_digest, revision, committed, expires_at FROM idempotency_records
        WHERE expires_at > $1
        """

    // Usage of flags

    case addFlagUsage = """
        INSERT INTO flag_usage (project, flag, environment, hour, client, variant, reason, evaluations, last_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (project, flag, hour, environment, client, variant, reason) DO UPDATE SET
            evaluations =
                least(flag_usage.evaluations, 9223372036854775807 - excluded.evaluations) + excluded.evaluations,
            last_at = greatest(flag_usage.last_at, excluded.last_at)
        """
    case dropFlagUsage = """
        DELETE FROM flag_usage WHERE hour < $1
        """
    case flagUsage = """
        SELECT project, flag, environment, hour, client, variant, reason, evaluations, last_at FROM flag_usage
        WHERE project = $1 AND flag = $2 AND hour >= $3 AND hour <= $4 AND (environment = $5 OR $5 = '')
        ORDER BY hour DESC, environment DESC, client DESC, variant DESC, reason DESC LIMIT $6
        """
    case flagUsageSummaries = """
        SELECT flag, environment, variant,
            least(sum(CASE WHEN hour >= $2 THEN evaluations ELSE 0 END), 9223372036854775807)::bigint, max(last_at)
        FROM flag_usage WHERE project = $1 GROUP BY flag, environment, variant
        """

    // Assignments of experiments

    case addAssignment = """
        INSERT INTO experiment_assignments (project, flag, environment, experiment, version, unit, variant,
            first_at, last_at, last_day, exposures, attributes, client)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (project, flag, environment, experiment, version, unit, variant) DO UPDATE SET
            first_at = least(experiment_assignments.first_at, excluded.first_at),
            last_at = greatest(experiment_assignments.last_at, excluded.last_at),
            last_day = greatest(experiment_assignments.last_day, excluded.last_day),
            exposures = least(experiment_assignments.exposures, 9223372036854775807 - excluded.exposures) + excluded.exposures
        """
    case addToKnownAssignment = """
        UPDATE experiment_assignments SET
            first_at = least(first_at, $8), last_at = greatest(last_at, $9), last_day = greatest(last_day, $10),
            exposures = least(exposures, 9223372036854775807 - $11) + $11
        WHERE project = $1 AND flag = $2 AND environment = $3 AND experiment = $4 AND version = $5 AND unit = $6
            AND variant = $7
        """
    case dropAssignments = """
        DELETE FROM experiment_assignments WHERE last_day < $1
        """
    case assignmentCounts = """
        SELECT version, variant, count(*), least(sum(exposures), 9000000000000000000)::bigint, min(first_at), max(last_at)
        FROM experiment_assignments WHERE project = $1 AND flag = $2 AND environment = $3 AND experiment = $4
        GROUP BY version, variant
        """
    case unitsOfSeveralVariants = """
        SELECT version, count(*) FROM (SELECT version, unit FROM experiment_assignments
            WHERE project = $1 AND flag = $2 AND environment = $3 AND experiment = $4
            GROUP BY version, unit HAVING count(*) > 1) AS units
        GROUP BY version
        """
    case assignments = """
        SELECT unit, variant, first_at, last_at, exposures, attributes, client FROM experiment_assignments
        WHERE project = $1 AND flag = $2 AND environment = $3 AND experiment = $4 AND version = $5 AND (unit, variant) > ($6, $7)
        ORDER BY unit, variant LIMIT $8
        """

    // Leases

    case readLease = """
        SELECT name, holder, fence, taken_at, expires_at FROM leases WHERE name = $1
        """
    case putLease = """
        INSERT INTO leases (name, holder, fence, taken_at, expires_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder, fence = excluded.fence, taken_at = excluded.taken_at, expires_at = excluded.expires_at
        WHERE leases.fence <= excluded.fence
        """

    // Reading

    case standingItems = """
        SELECT i.project, i.environment, i.kind, i.key, v.revision, v.value, v.digest
        FROM items AS i CROSS JOIN LATERAL (
            SELECT v.revision, v.value, v.digest FROM item_heads AS h
                JOIN item_versions AS v ON v.item = h.item AND v.revision = h.revision
            WHERE h.item = i.item AND h.stands OFFSET 0) AS v
        ORDER BY i.project, i.environment, i.kind, i.key
        """
    case standingItemsOfProject = """
        SELECT i.project, i.environment, i.kind, i.key, v.revision, v.value, v.digest
        FROM items AS i CROSS JOIN LATERAL (
            SELECT v.revision, v.value, v.digest FROM item_heads AS h
                JOIN item_versions AS v ON v.item = h.item AND v.revision = h.revision
            WHERE h.item = i.item AND h.stands OFFSET 0) AS v
        WHERE i.project = $1 ORDER BY i.environment, i.kind, i.key
        """
    case pastItems = """
        SELECT i.project, i.environment, i.kind, i.key, v.revision, v.value, v.digest
        FROM items AS i CROSS JOIN LATERAL (
            SELECT revision, value, digest FROM item_versions
            WHERE item = i.item AND revision <= $1 ORDER BY revision DESC LIMIT 1) AS v
        WHERE v.value IS NOT NULL ORDER BY i.project, i.environment, i.kind, i.key
        """
    case pastItemsOfProject = """
        SELECT i.project, i.environment, i.kind, i.key, v.revision, v.value, v.digest
        FROM items AS i CROSS JOIN LATERAL (
            SELECT revision, value, digest FROM item_versions
            WHERE item = i.item AND revision <= $1 ORDER BY revision DESC LIMIT 1) AS v
        WHERE i.project = $2 AND v.value IS NOT NULL ORDER BY i.environment, i.kind, i.key
        """
    /// The body is NULL where those before it hold $3 bytes.
    case changesAfter = """
        SELECT p.revision, p.project, p.author, p.committed_at, p.message, p.digest, p.previous_digest,
            CASE WHEN p.earlier < $3 THEN p.body END
        FROM (
            SELECT c.*, sum(octet_length(c.body)) OVER (ORDER BY c.revision) - octet_length(c.body) AS earlier
            FROM (
                SELECT revision, project, author, committed_at, message, digest, previous_digest, body
                FROM changes WHERE revision > $1 ORDER BY revision LIMIT $2) AS c) AS p
        ORDER BY p.revision
        """
    case changeCounts = """
        SELECT u.project,
            (SELECT count(*) FROM changes AS c WHERE c.project = u.project AND c.revision > $2 AND c.revision <= $3)
        FROM unnest($1::text[]) AS u (project)
        """
    /// With the bytes of the values before it; the value is NULL too where those are $7.
    case versionsOfItem = """
        SELECT p.revision, CASE WHEN p.earlier < $7 THEN p.value END, p.author, p.committed_at, p.message, p.earlier
        FROM (
            SELECT s.*, sum(s.bytes) OVER (ORDER BY s.revision DESC) - s.bytes AS earlier
            FROM (
                SELECT v.revision, v.value, c.author, c.committed_at, c.message,
                    coalesce(octet_length(v.value), 0) AS bytes
                FROM items AS i JOIN item_versions AS v ON v.item = i.item
                    LEFT JOIN changes AS c ON c.revision = v.revision
                WHERE i.project = $1 AND i.environment = $2 AND i.kind = $3 AND i.key = $4 AND v.revision < $5
                ORDER BY v.revision DESC LIMIT $6) AS s) AS p
        ORDER BY p.revision DESC
        """
    /// The newest revision that is not younger than a time: changes are in the order of their times, so it halves what lies between.
    case revisionAt = """
        WITH RECURSIVE search (low, high) AS (
            SELECT 0::bigint, revision FROM head WHERE id = 1
            UNION ALL
            SELECT CASE WHEN c.committed_at <= $1 THEN c.revision ELSE s.low END,
                CASE WHEN c.committed_at <= $1 THEN s.high ELSE c.revision - 1 END
            FROM search AS s CROSS JOIN LATERAL (
                SELECT revision, committed_at FROM changes WHERE revision = (s.low + s.high + 1) / 2 OFFSET 0) AS c
            WHERE s.low < s.high)
        SELECT low FROM search WHERE low = high
        """
    case itemRowsAfter = """
        SELECT i.project, i.environment, i.kind, i.key, v.revision, v.value, v.digest,
            (SELECT n.revision FROM item_versions AS n
             WHERE n.item = v.item AND n.revision > v.revision ORDER BY n.revision LIMIT 1)
        FROM items AS i JOIN item_versions AS v ON v.item = i.item
        WHERE (i.project, i.environment, i.kind, i.key) >= ($1, $2, $3, $4)
            AND ((i.project, i.environment, i.kind, i.key) > ($1, $2, $3, $4) OR v.revision > $5)
            AND v.value IS NOT NULL
        ORDER BY i.project, i.environment, i.kind, i.key, v.revision LIMIT $6
        """
    case credentials = """
        SELECT id, name, purpose, hash, created_at, created_by, expires_at, revoked_at, detail FROM credentials
        ORDER BY id
        """
    case credentialUses = """
        SELECT credential, used_at FROM credential_uses ORDER BY credential
        """
    case leases = """
        SELECT name, holder, fence, taken_at, expires_at FROM leases ORDER BY name
        """
}
