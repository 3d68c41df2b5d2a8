-- The title of every recording.
SELECT id AS recording, name
FROM recording
{of_recordings}
