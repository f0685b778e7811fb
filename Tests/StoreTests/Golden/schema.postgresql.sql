TABLE audit_events
    sequence bigint NOT NULL
    occurred_at bigint NOT NULL
    actor text COLLATE "C" NOT NULL
    action text COLLATE "C" NOT NULL
    target text COLLATE "C" NOT NULL
    outcome text COLLATE "C" NOT NULL
    revision bigint
    body bytea NOT NULL
    salt bytea NOT NULL
    leaf_hash bytea NOT NULL
    audit_events_leaf_hash_check: CHECK ((octet_length(leaf_hash) = 32))
    audit_events_pkey: PRIMARY KEY (sequence)
    audit_events_salt_check: CHECK ((octet_length(salt) = 32))
    audit_events_sequence_check: CHECK ((sequence >= 1))
    CREATE UNIQUE INDEX audit_events_pkey ON public.audit_events USING btree (sequence)
TABLE change_scopes
    project text COLLATE "C" NOT NULL
    environment text COLLATE "C" NOT NULL
    revision bigint NOT NULL
    kind text COLLATE "C" NOT NULL
    change_scopes_kind_check: CHECK ((kind <> ''::text))
    change_scopes_pkey: PRIMARY KEY (project, environment, revision, kind)
    CREATE UNIQUE INDEX change_scopes_pkey ON public.change_scopes USING btree (project, environment, revision, kind)
TABLE changes
    revision bigint NOT NULL
    project text COLLATE "C" NOT NULL
    author text COLLATE "C" NOT NULL
    committed_at bigint NOT NULL
    message text COLLATE "C" NOT NULL
    digest bytea NOT NULL
    previous_digest bytea NOT NULL
    body bytea NOT NULL
    changes_digest_check: CHECK ((octet_length(digest) = 32))
    changes_pkey: PRIMARY KEY (revision)
    changes_previous_digest_check: CHECK ((octet_length(previous_digest) = 32))
    changes_revision_check: CHECK ((revision >= 1))
    CREATE INDEX changes_by_author ON public.changes USING btree (author, revision)
    CREATE INDEX changes_by_project ON public.changes USING btree (project, revision)
    CREATE UNIQUE INDEX changes_pkey ON public.changes USING btree (revision)
TABLE credential_uses
    credential text COLLATE "C" NOT NULL
    used_at bigint NOT NULL
    credential_uses_pkey: PRIMARY KEY (credential)
    CREATE UNIQUE INDEX credential_uses_pkey ON public.credential_uses USING btree (credential)
TABLE credentials
    id text COLLATE "C" NOT NULL
    name text COLLATE "C" NOT NULL
    purpose text COLLATE "C" NOT NULL
    hash bytea NOT NULL
    created_at bigint NOT NULL
    created_by text COLLATE "C" NOT NULL
    expires_at bigint
    revoked_at bigint
    detail text COLLATE "C" NOT NULL
    version bigint NOT NULL
    credentials_hash_check: CHECK ((octet_length(hash) = 32))
    credentials_hash_key: UNIQUE (hash)
    credentials_pkey: PRIMARY KEY (id)
    CREATE INDEX credentials_by_version ON public.credentials USING btree (version)
    CREATE UNIQUE INDEX credentials_hash_key ON public.credentials USING btree (hash)
    CREATE UNIQUE INDEX credentials_pkey ON public.credentials USING btree (id)
TABLE experiment_assignments WITH (fillfactor=80)
    project text COLLATE "C" NOT NULL
    flag text COLLATE "C" NOT NULL
    environment text COLLATE "C" NOT NULL
    experiment text COLLATE "C" NOT NULL
    version text COLLATE "C" NOT NULL
    unit text COLLATE "C" NOT NULL
    variant text COLLATE "C" NOT NULL
    first_at bigint NOT NULL
    last_at bigint NOT NULL
    last_day bigint NOT NULL
    exposures bigint NOT NULL
    attributes text COLLATE "C" NOT NULL
    client text COLLATE "C" NOT NULL
    experiment_assignments_exposures_check: CHECK ((exposures >= 1))
    experiment_assignments_pkey: PRIMARY KEY (project, flag, environment, experiment, version, unit, variant)
    CREATE INDEX experiment_assignments_by_day ON public.experiment_assignments USING btree (last_day)
    CREATE UNIQUE INDEX experiment_assignments_pkey ON public.experiment_assignments USING btree (project, flag, environment, experiment, version, unit, variant)
TABLE flag_usage WITH (fillfactor=70)
    project text COLLATE "C" NOT NULL
    flag text COLLATE "C" NOT NULL
    environment text COLLATE "C" NOT NULL
    hour bigint NOT NULL
    client text COLLATE "C" NOT NULL
    variant text COLLATE "C" NOT NULL
    reason text COLLATE "C" NOT NULL
    evaluations bigint NOT NULL
    last_at bigint NOT NULL
    flag_usage_evaluations_check: CHECK ((evaluations >= 1))
    flag_usage_pkey: PRIMARY KEY (project, flag, hour, environment, client, variant, reason)
    CREATE INDEX flag_usage_by_hour ON public.flag_usage USING btree (hour)
    CREATE UNIQUE INDEX flag_usage_pkey ON public.flag_usage USING btree (project, flag, hour, environment, client, variant, reason)
TABLE head WITH (fillfactor=10)
    id smallint NOT NULL
    platform_id text COLLATE "C" NOT NULL
    revision bigint NOT NULL
    digest bytea NOT NULL
    committed_at bigint NOT NULL
    audit_sequence bigint NOT NULL
    credentials_version bigint NOT NULL
    head_audit_sequence_check: CHECK ((audit_sequence >= 0))
    head_credentials_version_check: CHECK ((credentials_version >= 0))
    head_digest_check: CHECK ((octet_length(digest) = 32))
    head_id_check: CHECK ((id = 1))
    head_pkey: PRIMARY KEY (id)
    head_platform_id_check: CHECK ((platform_id <> ''::text))
    head_revision_check: CHECK ((revision >= 0))
    CREATE UNIQUE INDEX head_pkey ON public.head USING btree (id)
TABLE idempotency_records
    principal text COLLATE "C" NOT NULL
    key text COLLATE "C" NOT NULL
    request_digest bytea NOT NULL
    revision bigint NOT NULL
    committed boolean NOT NULL
    expires_at bigint NOT NULL
    idempotency_records_pkey: PRIMARY KEY (principal, key)
    idempotency_records_request_digest_check: CHECK ((octet_length(request_digest) = 32))
    idempotency_records_revision_check: CHECK ((revision >= 0))
    CREATE INDEX idempotency_records_by_expiry ON public.idempotency_records USING btree (expires_at)
    CREATE UNIQUE INDEX idempotency_records_pkey ON public.idempotency_records USING btree (principal, key)
TABLE item_heads WITH (fillfactor=50)
    item bigint GENERATED ALWAYS AS IDENTITY NOT NULL
    revision bigint NOT NULL
    stands boolean NOT NULL
    item_heads_pkey: PRIMARY KEY (item)
    CREATE UNIQUE INDEX item_heads_pkey ON public.item_heads USING btree (item)
TABLE item_versions
    item bigint NOT NULL
    revision bigint NOT NULL
    previous_revision bigint
    value bytea
    digest bytea
    item_versions_check: CHECK ((previous_revision < revision))
    item_versions_check1: CHECK (((value IS NULL) = (digest IS NULL)))
    item_versions_check2: CHECK (((value IS NOT NULL) OR (previous_revision IS NOT NULL)))
    item_versions_digest_check: CHECK ((octet_length(digest) = 32))
    item_versions_pkey: PRIMARY KEY (item, revision)
    CREATE UNIQUE INDEX item_versions_pkey ON public.item_versions USING btree (item, revision)
TABLE items
    project text COLLATE "C" NOT NULL
    environment text COLLATE "C" NOT NULL
    kind text COLLATE "C" NOT NULL
    key text COLLATE "C" NOT NULL
    item bigint NOT NULL
    items_item_key: UNIQUE (item)
    items_kind_check: CHECK ((kind <> ''::text))
    items_pkey: PRIMARY KEY (project, environment, kind, key)
    CREATE UNIQUE INDEX items_item_key ON public.items USING btree (item)
    CREATE UNIQUE INDEX items_pkey ON public.items USING btree (project, environment, kind, key)
TABLE leases WITH (fillfactor=50)
    name text COLLATE "C" NOT NULL
    holder text COLLATE "C" NOT NULL
    fence bigint NOT NULL
    taken_at bigint NOT NULL
    expires_at bigint NOT NULL
    leases_check: CHECK ((expires_at >= taken_at))
    leases_fence_check: CHECK ((fence >= 1))
    leases_holder_check: CHECK ((holder <> ''::text))
    leases_name_check: CHECK ((name <> ''::text))
    leases_pkey: PRIMARY KEY (name)
    CREATE UNIQUE INDEX leases_pkey ON public.leases USING btree (name)
TABLE schema_migrations
    number bigint NOT NULL
    name text COLLATE "C" NOT NULL
    applied_at bigint NOT NULL
    schema_migrations_number_check: CHECK ((number >= 1))
    schema_migrations_pkey: PRIMARY KEY (number)
    CREATE UNIQUE INDEX schema_migrations_pkey ON public.schema_migrations USING btree (number)
