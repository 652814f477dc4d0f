-- What a balance was after each event that changed it, with no row of its own where a leg can say it: a third
-- of the rows of a journal stood in the history beside the legs.
ALTER TABLE leg
ADD COLUMN total quantity,
ADD COLUMN encumbered quantity,
ADD COLUMN reserved quantity,
ADD COLUMN pending_in quantity,
ADD COLUMN pending_out quantity;
COMMENT ON COLUMN leg.total IS
'the balance after the journal, as the four that follow; only at its last leg of that account and asset';

DROP INDEX leg_account;
CREATE INDEX leg_account ON leg (book_id, account, asset, journal);

DROP TABLE balance_history;
CREATE TABLE encumbrance_history (
    key int8 NOT NULL,
    total quantity NOT NULL,
    encumbered quantity NOT NULL,
    reserved quantity NOT NULL,
    pending_in quantity NOT NULL,
    pending_out quantity NOT NULL,
    book_id int4 NOT NULL,
    account int4 NOT NULL,
    asset int4 NOT NULL,
    PRIMARY KEY (book_id, account, asset, key)
) PARTITION BY RANGE (key);
COMMENT ON TABLE encumbrance_history IS 'balances after an event without legs: a lien or a reservation';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON encumbrance_history
FOR EACH STATEMENT EXECUTE FUNCTION bailee_refuse_change();

CREATE VIEW balance_history WITH (security_invoker = true) AS
SELECT
    book_id,
    account,
    asset,
    journal AS key,
    journal >> 12 AS version,
    total,
    encumbered,
    reserved,
    pending_in,
    pending_out
FROM leg
WHERE total IS NOT NULL
UNION ALL
SELECT
    book_id,
    account,
    asset,
    key,
    key >> 12 AS version,
    total,
    encumbered,
    reserved,
    pending_in,
    pending_out
FROM encumbrance_history; -- noqa: disable=L003
COMMENT ON VIEW balance_history IS 'a row for each balance an event changed, as the event left it';

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
    FOREACH parent IN ARRAY ARRAY['event', 'journal', 'leg', 'encumbrance_history', 'refusal'] LOOP
        part := format('%s_p%s', parent, lpad(no::text, greatest(4, length(no::text)), '0'));
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        factor := CASE WHEN parent IN ('event', 'refusal') THEN 1 ELSE keys_per_version END;
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
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('bailee_owner', 'bailee_writer', 'bailee_reader')) < 3
        OR NOT pg_has_role(current_user, 'bailee_owner', 'MEMBER') THEN
        RETURN;
    END IF;
    ALTER TABLE encumbrance_history OWNER TO bailee_owner;
    ALTER VIEW balance_history OWNER TO bailee_owner;
    GRANT SELECT ON encumbrance_history, balance_history TO bailee_writer, bailee_reader;
    GRANT INSERT ON encumbrance_history TO bailee_writer;
END
$$;

SELECT bailee_make_partitions((part.number - 1) * bailee_partition_size()) FROM generate_series(
    1, (SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass)
) AS part (number);

-- What was posted before gets its balances from the log: `bailee migrate` fills what is named here, in this
-- transaction.
CREATE TEMP TABLE refill_from_log (name text) ON COMMIT DROP;
INSERT INTO refill_from_log VALUES ('leg'), ('encumbrance_history');
DO $$
DECLARE
    part text;
BEGIN
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'leg'::regclass LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', part);
        EXECUTE format('TRUNCATE %s', part);
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', part);
    END LOOP;
END
$$;
