-- The book: its log, what is projected from the log, and what stands beside it.
-- book_id is first in every key, so the schema also runs distributed by it.

-- Whole units of an asset, signed. Law 1 bounds a leg and a supply at 10^36, so no sum of them leaves
-- 39 digits.
CREATE DOMAIN quantity AS numeric(39, 0);

CREATE FUNCTION bailee_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'LG001', HINT = 'A correction is a reversing journal (law 6).';
END
$$;

CREATE FUNCTION bailee_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never removed: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'LG002', HINT = 'What ends is closed, not deleted (law 6).';
END
$$;

CREATE FUNCTION bailee_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.text IS NOT NULL OR (NEW.book_id, NEW.commitment, NEW.salt) IS DISTINCT FROM
        (OLD.book_id, OLD.commitment, OLD.salt) THEN
        RAISE EXCEPTION 'a text is erased or left, never changed' USING ERRCODE = 'LG003';
    END IF;
    RETURN NEW;
END
$$;

-- A book and who may write it.

CREATE TABLE book (
    book_id int4 PRIMARY KEY,
    generation int4 NOT NULL DEFAULT 1 CHECK (generation >= 1),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    name text NOT NULL UNIQUE,
    digest_key bytea NOT NULL CHECK (octet_length(digest_key) = 32)
);
COMMENT ON COLUMN book.digest_key IS 'keys the digests of requests: they tell nothing of what was asked';

CREATE TABLE lease (
    book_id int4 PRIMARY KEY REFERENCES book,
    epoch int8 NOT NULL DEFAULT 0,
    batch int8 NOT NULL DEFAULT 0,
    renewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    holder text NOT NULL DEFAULT '',
    backend_pids int4 [] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 10);

CREATE TABLE batch (
    book_id int4 NOT NULL,
    no int8 NOT NULL,
    first_version int8 NOT NULL,
    last_version int8 NOT NULL,
    epoch int8 NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (book_id, no)
);
COMMENT ON COLUMN batch.last_version IS 'less than first_version when the batch held refusals alone';

-- The log. One row a version.

CREATE TABLE event (
    version int8 NOT NULL CHECK (version >= 1),
    known timestamptz NOT NULL,
    effective timestamptz NOT NULL,
    book_id int4 NOT NULL,
    principal int4 NOT NULL,
    idem uuid,
    request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
    previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    body bytea NOT NULL,
    PRIMARY KEY (book_id, version)
) PARTITION BY RANGE (version);
COMMENT ON TABLE event IS 'the log: facts in canonical form, hash-chained (docs/log-format.md)';
COMMENT ON COLUMN event.idem IS '128 bits of a digest of principal and idempotency key; none for a tick';

-- Projections: what the log says, in rows. `bailee verify` makes them again and compares.

CREATE TABLE party (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    sec text,
    cftc text,
    name_commitment bytea NOT NULL,
    PRIMARY KEY (book_id, no)
);

CREATE TABLE asset (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    scale int2 NOT NULL CHECK (scale BETWEEN 0 AND 18),
    id text NOT NULL,
    kind text NOT NULL,
    isin text,
    issuer text,
    PRIMARY KEY (book_id, no)
);

CREATE TABLE principal (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    party int4,
    id text NOT NULL,
    kind text NOT NULL,
    roles text [] NOT NULL,
    name_commitment bytea NOT NULL,
    PRIMARY KEY (book_id, no)
);

CREATE TABLE api_key (
    book_id int4 NOT NULL,
    id text NOT NULL,
    version int8 NOT NULL,
    revoked int8,
    expires_at timestamptz,
    principal int4 NOT NULL,
    hash bytea NOT NULL,
    last_four text NOT NULL,
    PRIMARY KEY (book_id, id)
);
COMMENT ON COLUMN api_key.revoked IS 'the version that revoked it';

CREATE TABLE reason (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    is_fact boolean NOT NULL,
    id text NOT NULL,
    may_debit text [] NOT NULL,
    may_credit text [] NOT NULL,
    PRIMARY KEY (book_id, no)
);

CREATE TABLE agreement (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    revoked int8,
    revoked_at timestamptz,
    id text NOT NULL,
    kind text NOT NULL,
    parties int4 [] NOT NULL,
    effective_from text NOT NULL,
    effective_to text NOT NULL,
    scope text NOT NULL,
    PRIMARY KEY (book_id, no)
);

CREATE TABLE account (
    book_id int4 NOT NULL,
    no int4 NOT NULL,
    version int8 NOT NULL,
    party int4 NOT NULL,
    side text NOT NULL CHECK (side IN ('obligation', 'location')),
    kind text NOT NULL,
    pool text NOT NULL,
    regime text,
    id text NOT NULL,
    capacity text NOT NULL,
    title text NOT NULL,
    jurisdiction text NOT NULL,
    PRIMARY KEY (book_id, no)
);
CREATE INDEX account_party ON account (book_id, party);

CREATE TABLE account_limit (
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    n int2 NOT NULL,
    asset int4 NOT NULL,
    quantity quantity NOT NULL,
    PRIMARY KEY (book_id, account, n)
);

CREATE TABLE object_name (
    book_id int4 NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    version int8 NOT NULL,
    PRIMARY KEY (book_id, kind, name)
);
COMMENT ON TABLE object_name IS 'ids are unique within a kind for ever; the version made the object';

-- A key is where the object was born: version * 4096 + the event's place in it.

CREATE TABLE journal (
    key int8 NOT NULL,
    reverses int8,
    book_id int4 NOT NULL,
    reason int4 NOT NULL,
    is_fact boolean NOT NULL,
    basis text,
    name text,
    memo bytea,
    PRIMARY KEY (book_id, key)
) PARTITION BY RANGE (key);
CREATE INDEX journal_reversal ON journal (book_id, reverses) WHERE reverses IS NOT NULL;

CREATE TABLE leg (
    journal int8 NOT NULL,
    debit quantity NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    n int2 NOT NULL
) PARTITION BY RANGE (journal);
CREATE INDEX leg_journal ON leg USING brin (journal) WITH (pages_per_range = 32);
CREATE INDEX leg_account ON leg (book_id, account, journal);
COMMENT ON COLUMN leg.debit IS 'positive is a debit, negative a credit';

CREATE TABLE evidence (
    book_id int4 NOT NULL,
    journal int8 NOT NULL,
    n int2 NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (book_id, journal, n)
);

CREATE TABLE balance (
    total quantity NOT NULL,
    encumbered quantity NOT NULL,
    reserved quantity NOT NULL,
    pending_in quantity NOT NULL,
    pending_out quantity NOT NULL,
    version int8 NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    PRIMARY KEY (book_id, account, asset)
) WITH (fillfactor = 70);
COMMENT ON TABLE balance IS 'positive on the normal side; free = greatest(total, 0) less what is bound';

CREATE TABLE balance_history (
    version int8 NOT NULL,
    total quantity NOT NULL,
    encumbered quantity NOT NULL,
    reserved quantity NOT NULL,
    pending_in quantity NOT NULL,
    pending_out quantity NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    PRIMARY KEY (book_id, account, asset, version)
) PARTITION BY RANGE (version);
COMMENT ON TABLE balance_history IS 'a row for each balance a batch changed, as the batch left it';

CREATE TABLE lien (
    key int8 NOT NULL,
    lines_since int8 NOT NULL,
    changed int8 NOT NULL,
    closed int8,
    behind int8,
    parent int8,
    expires_at timestamptz,
    secured quantity,
    book_id int4 NOT NULL,
    holder int4 NOT NULL,
    agreement int4,
    secured_asset int4,
    rank int2 NOT NULL,
    reuse_right boolean NOT NULL,
    type text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'released', 'expired', 'committed')),
    name text,
    purpose text NOT NULL,
    PRIMARY KEY (book_id, key),
    CHECK ((status = 'open') = (closed IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX lien_open ON lien (book_id, key) WHERE closed IS NULL;
CREATE INDEX lien_holder ON lien (book_id, holder, key);
COMMENT ON COLUMN lien.lines_since IS 'key of the event that gave it its present lines: see lien_line.since';

CREATE TABLE lien_line (
    lien int8 NOT NULL,
    since int8 NOT NULL,
    quantity quantity NOT NULL,
    consumed quantity NOT NULL,
    book_id int4 NOT NULL,
    owner int4 NOT NULL,
    location int4 NOT NULL,
    asset int4 NOT NULL,
    n int2 NOT NULL,
    lot text NOT NULL,
    PRIMARY KEY (book_id, lien, since, n)
);
CREATE INDEX lien_line_owner ON lien_line (book_id, owner, lien);
CREATE INDEX lien_line_location ON lien_line (book_id, location, lien);

CREATE TABLE lien_history (
    lien int8 NOT NULL,
    since int8 NOT NULL,
    behind int8,
    book_id int4 NOT NULL,
    rank int2 NOT NULL,
    change text NOT NULL,
    PRIMARY KEY (book_id, lien, since)
);
COMMENT ON TABLE lien_history IS 'changes between a lien''s opening and its end';

CREATE TABLE reservation (
    key int8 NOT NULL,
    closed int8,
    expires_at timestamptz NOT NULL,
    quantity quantity NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'released', 'expired', 'committed')),
    name text,
    purpose text NOT NULL,
    PRIMARY KEY (book_id, key),
    CHECK ((status = 'open') = (closed IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX reservation_open ON reservation (book_id, key) WHERE closed IS NULL;
CREATE INDEX reservation_account ON reservation (book_id, account, key);

CREATE TABLE exception (
    key int8 NOT NULL,
    cured int8,
    opened_at timestamptz NOT NULL,
    short_by quantity NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (book_id, key)
);
CREATE INDEX exception_open ON exception (book_id, key) WHERE cured IS NULL;
COMMENT ON COLUMN exception.cured IS 'the version that cured it';

-- Beside the log.

CREATE TABLE refusal (
    decided_at int8 NOT NULL,
    at timestamptz NOT NULL,
    idem uuid NOT NULL,
    book_id int4 NOT NULL,
    principal int4 NOT NULL,
    request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
    code text NOT NULL,
    pointer text NOT NULL,
    detail text NOT NULL,
    figures text [] NOT NULL CHECK (cardinality(figures) % 2 = 0),
    rule text NOT NULL,
    next_step text NOT NULL,
    PRIMARY KEY (book_id, idem)
);
COMMENT ON TABLE refusal IS 'what was answered to a command that the book refused; final for its key';
COMMENT ON COLUMN refusal.figures IS 'name, value, name, value …';

CREATE TABLE erasable_text (
    book_id int4 NOT NULL,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    salt bytea NOT NULL,
    text text,
    PRIMARY KEY (book_id, commitment)
);
COMMENT ON TABLE erasable_text IS 'sha256(salt, text) stands in the log; a text that is NULL has been erased';

-- The log only grows.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'event', 'batch', 'party', 'asset', 'principal', 'reason', 'account', 'account_limit', 'object_name',
        'journal', 'leg', 'evidence', 'balance_history', 'lien_line', 'lien_history', 'refusal'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_change()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'book', 'lease', 'balance', 'lien', 'reservation', 'exception', 'agreement', 'api_key',
        'erasable_text'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_removal()', name);
    END LOOP;
END
$$;
CREATE TRIGGER only_erased BEFORE UPDATE ON erasable_text
FOR EACH ROW EXECUTE FUNCTION bailee_only_erase();

-- Partitions of four million versions, so that indexes on random keys stay small; one range for all four
-- tables. Made ahead of need, outside the transaction of a batch. Attaching one locks nobody out.
CREATE FUNCTION bailee_make_partitions(at_version int8) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    size CONSTANT int8 := 4000000;
    keys_per_version CONSTANT int8 := 4096;
    no CONSTANT int8 := at_version / size;
    made int4 := 0;
    parent text;
    part text;
    factor int8;
BEGIN
    PERFORM pg_advisory_xact_lock(7018135, 1);
    FOREACH parent IN ARRAY ARRAY['event', 'journal', 'leg', 'balance_history'] LOOP
        part := format('%s_p%s', parent, lpad(no::text, 4, '0'));
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        factor := CASE WHEN parent IN ('journal', 'leg') THEN keys_per_version ELSE 1 END;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        IF parent = 'event' THEN
            EXECUTE format('CREATE UNIQUE INDEX %I ON %I (book_id, idem) WHERE idem IS NOT NULL',
                part || '_idem', part);
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
            parent, part, no * size * factor, (no + 1) * size * factor);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_change()', part);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION bailee_make_partitions(int8) FROM public;

-- Ends sessions of an earlier writer of this database; what they had not committed is gone. With the caller's
-- rights: a role may always end its own sessions.
CREATE FUNCTION bailee_end_writers(pids int4 []) RETURNS int4
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS MATERIALIZED (
        SELECT pid FROM pg_stat_activity
        WHERE pid = ANY(pids) AND pid <> pg_backend_pid() AND datname = current_database()
            AND application_name = 'bailee writer'
    )
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int4 FROM old
$$;
REVOKE ALL ON FUNCTION bailee_end_writers(int4 []) FROM public;

-- For people.

CREATE FUNCTION bailee_decimal(units numeric, scale int2) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT units * ('1e-' || scale)::numeric $$;

CREATE VIEW v_balances WITH (security_invoker = true) AS
SELECT
    book.name AS book,
    account.id AS account,
    party.id AS party,
    account.side,
    account.kind,
    account.pool,
    account.regime,
    asset.id AS asset,
    bailee_decimal(balance.total, asset.scale) AS total,
    bailee_decimal(balance.encumbered, asset.scale) AS encumbered,
    bailee_decimal(balance.reserved, asset.scale) AS reserved,
    bailee_decimal(balance.pending_in, asset.scale) AS pending_in,
    bailee_decimal(balance.pending_out, asset.scale) AS pending_out,
    bailee_decimal(
        greatest(balance.total, 0) - balance.encumbered - balance.reserved - balance.pending_out, asset.scale
    ) AS free,
    balance.version
FROM balance
INNER JOIN book USING (book_id)
INNER JOIN account ON balance.book_id = account.book_id AND balance.account = account.no
INNER JOIN party ON account.book_id = party.book_id AND account.party = party.no
INNER JOIN asset ON balance.book_id = asset.book_id AND balance.asset = asset.no;

CREATE VIEW v_journal WITH (security_invoker = true) AS
SELECT
    book.name AS book,
    event.version,
    journal.key,
    journal.name,
    reason.id AS reason,
    CASE WHEN journal.is_fact THEN 'fact' ELSE 'instruction' END AS nature,
    journal.basis,
    event.effective,
    event.known,
    principal.id AS principal,
    memo.text AS memo,
    journal.reverses,
    leg.n,
    account.id AS account,
    account.pool,
    account.regime,
    asset.id AS asset,
    CASE WHEN leg.debit > 0 THEN bailee_decimal(leg.debit, asset.scale) END AS debit,
    CASE WHEN leg.debit < 0 THEN bailee_decimal(-leg.debit, asset.scale) END AS credit
FROM journal
INNER JOIN book USING (book_id)
INNER JOIN event ON journal.book_id = event.book_id AND (journal.key >> 12) = event.version
INNER JOIN reason ON journal.book_id = reason.book_id AND journal.reason = reason.no
INNER JOIN principal ON event.book_id = principal.book_id AND event.principal = principal.no
INNER JOIN leg ON journal.book_id = leg.book_id AND journal.key = leg.journal
INNER JOIN account ON leg.book_id = account.book_id AND leg.account = account.no
INNER JOIN asset ON leg.book_id = asset.book_id AND leg.asset = asset.no
LEFT JOIN erasable_text AS memo ON journal.book_id = memo.book_id AND journal.memo = memo.commitment;

CREATE VIEW v_liens WITH (security_invoker = true) AS
SELECT
    book.name AS book,
    lien.key,
    lien.name,
    lien.type,
    lien.status,
    holder.id AS holder,
    lien.purpose,
    lien.rank,
    lien.behind,
    agreement.id AS agreement,
    owed.id AS secured_asset,
    bailee_decimal(lien.secured, owed.scale) AS secured,
    lien.reuse_right,
    lien.parent,
    lien.expires_at,
    lien_line.n,
    owner.id AS account,
    location.id AS location,
    asset.id AS asset,
    lien_line.lot,
    bailee_decimal(lien_line.quantity, asset.scale) AS quantity,
    bailee_decimal(lien_line.consumed, asset.scale) AS consumed,
    lien.key >> 12 AS opened,
    lien.changed,
    lien.closed
FROM lien
INNER JOIN book USING (book_id)
INNER JOIN party AS holder ON lien.book_id = holder.book_id AND lien.holder = holder.no
INNER JOIN
    lien_line
    ON lien.book_id = lien_line.book_id AND lien.key = lien_line.lien AND lien.lines_since = lien_line.since
INNER JOIN account AS owner ON lien_line.book_id = owner.book_id AND lien_line.owner = owner.no
INNER JOIN account AS location ON lien_line.book_id = location.book_id AND lien_line.location = location.no
INNER JOIN asset ON lien_line.book_id = asset.book_id AND lien_line.asset = asset.no
LEFT JOIN agreement ON lien.book_id = agreement.book_id AND lien.agreement = agreement.no
LEFT JOIN asset AS owed ON lien.book_id = owed.book_id AND lien.secured_asset = owed.no;

SELECT bailee_make_partitions(0);

-- Who may do what. Roles belong to the cluster, so another database may have made them; a role that may make
-- none (a hosted database) keeps everything for itself.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['bailee_owner', 'bailee_writer', 'bailee_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', role);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % cannot be made here: % keeps the book alone', role, current_user;
        END;
    END LOOP;
END
$$;

DO $$
DECLARE
    item record;
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('bailee_owner', 'bailee_writer', 'bailee_reader')) < 3
        OR NOT pg_has_role(current_user, 'bailee_owner', 'MEMBER') THEN
        RETURN;
    END IF;
    GRANT USAGE, CREATE ON SCHEMA public TO bailee_owner;
    GRANT USAGE ON SCHEMA public TO bailee_writer, bailee_reader;
    FOR item IN
        SELECT c.oid::regclass AS name, c.relkind = 'v' AS is_view FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
            AND c.relname <> 'schema_migration'
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO bailee_owner',
            CASE WHEN item.is_view THEN 'VIEW' ELSE 'TABLE' END, item.name);
    END LOOP;
    FOR item IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'bailee\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO bailee_owner', item.name);
    END LOOP;
    ALTER DOMAIN quantity OWNER TO bailee_owner;

    GRANT SELECT ON
        lease, batch, event, party, asset, principal, api_key, reason, agreement, account, account_limit,
        object_name, journal, leg, evidence, balance, balance_history, lien, lien_line, lien_history,
        reservation, exception, refusal, erasable_text, v_balances, v_journal, v_liens
        TO bailee_writer, bailee_reader;
    IF to_regclass('schema_migration') IS NOT NULL THEN
        GRANT SELECT ON schema_migration TO bailee_writer, bailee_reader;
    END IF;
    GRANT SELECT ON book TO bailee_writer;
    GRANT SELECT (book_id, generation, opened_at, name) ON book TO bailee_reader;
    GRANT INSERT ON
        batch, event, party, asset, principal, api_key, reason, agreement, account, account_limit,
        object_name, journal, leg, evidence, balance, balance_history, lien, lien_line, lien_history,
        reservation, exception, refusal, erasable_text
        TO bailee_writer;
    GRANT UPDATE ON lease TO bailee_writer;
    GRANT UPDATE (total, encumbered, reserved, pending_in, pending_out, version) ON balance TO bailee_writer;
    GRANT UPDATE (rank, behind, lines_since, changed, closed, status) ON lien TO bailee_writer;
    GRANT UPDATE (closed, status) ON reservation TO bailee_writer;
    GRANT UPDATE (cured) ON exception TO bailee_writer;
    GRANT UPDATE (revoked, revoked_at) ON agreement TO bailee_writer;
    GRANT UPDATE (revoked) ON api_key TO bailee_writer;
    GRANT UPDATE (text) ON erasable_text TO bailee_writer;
    GRANT EXECUTE ON FUNCTION bailee_make_partitions(int8), bailee_end_writers(int4 []) TO bailee_writer;
END
$$;
