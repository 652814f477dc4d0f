-- What the schema promises, seen in the catalogue: raises when it does not hold.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(c.relname, ', ') INTO wrong FROM pg_class AS c
    INNER JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'schema_migration'
        AND a.attname <> 'book_id';
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'book_id is not first in the key of %', wrong;
    END IF;
    SELECT string_agg(c.relname, ', ') INTO wrong FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'schema_migration'
        AND NOT EXISTS (
            SELECT FROM pg_trigger AS t
            WHERE t.tgrelid = c.oid AND t.tgname IN ('append_only', 'never_removed') AND t.tgenabled = 'O'
        );
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'no trigger keeps the rows of %', wrong;
    END IF;
    SELECT string_agg(inhrelid::regclass::text, ', ') INTO wrong FROM pg_inherits
    WHERE inhparent IN ('event'::regclass, 'refusal'::regclass)
        AND NOT EXISTS (
            SELECT FROM pg_index AS i
            INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[1]
            WHERE i.indrelid = inhrelid AND i.indisunique AND i.indnatts = 2 AND a.attname = 'idem'
        );
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'a key may stand twice in %', wrong;
    END IF;
    IF (SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass)
        <> (SELECT count(*) FROM pg_inherits WHERE inhparent = 'refusal'::regclass) THEN
        RAISE EXCEPTION 'refusals have other partitions than the log';
    END IF;
END
$$;
