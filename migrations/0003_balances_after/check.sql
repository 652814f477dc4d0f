-- What the schema promises, seen in the catalogue: raises when it does not hold.
DO $$
DECLARE
    partitions int8;
BEGIN
    SELECT count(*) INTO partitions FROM pg_inherits WHERE inhparent = 'event'::regclass;
    IF partitions <> (SELECT count(*) FROM pg_inherits WHERE inhparent = 'encumbrance_history'::regclass)
        OR partitions <> (SELECT count(*) FROM pg_inherits WHERE inhparent = 'leg'::regclass) THEN
        RAISE EXCEPTION 'balances have other partitions than the log';
    END IF;
    IF EXISTS (
        SELECT FROM pg_trigger
        WHERE tgname = 'append_only' AND tgenabled <> 'O'
    ) THEN
        RAISE EXCEPTION 'a trigger that keeps rows is off';
    END IF;
END
$$;
