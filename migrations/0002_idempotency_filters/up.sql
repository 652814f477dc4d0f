-- Keys are looked up in one partition alone, however many there are: refusals are partitioned as the log is,
-- each partition has a unique index on its keys, and a filter in front of it says whether to ask.

-- How many versions a partition holds. The writer reads it here, so that nobody has another number. Never
-- changed once a book has been opened: the partitions that are there keep their bounds.
CREATE FUNCTION bailee_partition_size() RETURNS int8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 4000000::int8';

CREATE TABLE idempotency_filter (
    first_version int8 NOT NULL,
    end_version int8 NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    book_id int4 NOT NULL REFERENCES book,
    accepted bytea NOT NULL,
    refused bytea NOT NULL,
    PRIMARY KEY (book_id, first_version)
);
ALTER TABLE idempotency_filter ALTER COLUMN accepted SET STORAGE EXTERNAL;
ALTER TABLE idempotency_filter ALTER COLUMN refused SET STORAGE EXTERNAL;
COMMENT ON TABLE idempotency_filter IS 'keys of a closed partition; made again from the rows if need be';
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON idempotency_filter
FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_removal();

ALTER TABLE refusal RENAME TO unpartitioned_refusal;
CREATE TABLE refusal (LIKE unpartitioned_refusal INCLUDING CONSTRAINTS) PARTITION BY RANGE (decided_at);
COMMENT ON TABLE refusal IS 'what was answered to a command that the book refused; final for its key';
COMMENT ON COLUMN refusal.figures IS 'name, value, name, value …';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refusal
FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_change();

-- One range for all five tables. Made ahead of need, outside the transaction of a batch. Attaching one locks
-- nobody out. The writer may read a partition of the log and of refusals by its own name.
CREATE OR REPLACE FUNCTION bailee_make_partitions(at_version int8) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    size CONSTANT int8 := bailee_partition_size();
    keys_per_version CONSTANT int8 := 4096;
    no CONSTANT int8 := at_version / size;
    made int4 := 0;
    parent text;
    part text;
    factor int8;
BEGIN
    PERFORM pg_advisory_xact_lock(7018135, 1);
    FOREACH parent IN ARRAY ARRAY['event', 'journal', 'leg', 'balance_history', 'refusal'] LOOP
        part := format('%s_p%s', parent, lpad(no::text, greatest(4, length(no::text)), '0'));
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        factor := CASE WHEN parent IN ('journal', 'leg') THEN keys_per_version ELSE 1 END;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        IF parent = 'event' THEN
            EXECUTE format('CREATE UNIQUE INDEX %I ON %I (book_id, idem) WHERE idem IS NOT NULL',
                part || '_idem', part);
        ELSIF parent = 'refusal' THEN
            EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (book_id, idem)', part);
            EXECUTE format('CREATE INDEX %I ON %I USING brin (decided_at) WITH (pages_per_range = 32)',
                part || '_decided', part);
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
            parent, part, no * size * factor, (no + 1) * size * factor);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_change()', part);
        IF parent IN ('event', 'refusal') AND to_regrole('bailee_writer') IS NOT NULL THEN
            EXECUTE format('GRANT SELECT ON %I TO bailee_writer', part);
        END IF;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

DO $$
DECLARE
    part text;
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('bailee_owner', 'bailee_writer', 'bailee_reader')) < 3
        OR NOT pg_has_role(current_user, 'bailee_owner', 'MEMBER') THEN
        RETURN;
    END IF;
    ALTER TABLE idempotency_filter OWNER TO bailee_owner;
    ALTER TABLE refusal OWNER TO bailee_owner;
    ALTER FUNCTION bailee_partition_size() OWNER TO bailee_owner;
    GRANT SELECT ON idempotency_filter, refusal TO bailee_writer, bailee_reader;
    GRANT INSERT ON idempotency_filter, refusal TO bailee_writer;
    GRANT UPDATE (end_version, made_at, accepted, refused) ON idempotency_filter TO bailee_writer;
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass LOOP
        EXECUTE format('GRANT SELECT ON %s TO bailee_writer', part);
    END LOOP;
END
$$;

-- A refusal is decided at a version of the log, so it needs the partitions the log has.
SELECT bailee_make_partitions((part.number - 1) * bailee_partition_size()) FROM generate_series(
    1, (SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass)
) AS part (number);
INSERT INTO refusal (
    decided_at, at, idem, book_id, principal, request_digest, code, pointer, detail, figures, rule, next_step
)
SELECT
    decided_at,
    at,
    idem,
    book_id,
    principal,
    request_digest,
    code,
    pointer,
    detail,
    figures,
    rule,
    next_step
FROM unpartitioned_refusal;
DROP TABLE unpartitioned_refusal;
