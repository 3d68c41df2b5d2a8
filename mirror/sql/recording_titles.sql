-- What every recording is called.
SELECT id AS recording, name
FROM recording
{of_recordings}
