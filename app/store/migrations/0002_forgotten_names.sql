-- Names that were forgotten, as hashes. A row voids every run that was queued before it; with for_good nothing about
-- that name is stored any more. The row of an empty hash stands for all names.
CREATE TABLE forgotten_names (
    name_hash bytea PRIMARY KEY,
    voids_runs_before uuid NOT NULL,
    for_good boolean NOT NULL,
    forgotten_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN forgotten_names.voids_runs_before IS 'Ids of runs begin with their time; an older one stores nothing more';

-- The key of those hashes, made when this installation was: hashes made elsewhere, or in advance, say nothing here.
CREATE TABLE forgotten_names_key (
    is_only_row boolean PRIMARY KEY DEFAULT TRUE CHECK (is_only_row),
    secret bytea NOT NULL
);
INSERT INTO forgotten_names_key (secret) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

CREATE FUNCTION name_hash(username_key text) RETURNS bytea
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT sha256(secret || sha256(secret || convert_to(username_key, 'UTF8'))) FROM forgotten_names_key;
END;
