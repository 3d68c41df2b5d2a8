INSERT INTO forgotten_names (name_hash, voids_runs_before, for_good)
VALUES (name_hash('gonegreta'), '17000000-0000-4000-8000-000000000003', TRUE);
