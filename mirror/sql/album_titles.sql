-- All names of every release group: its own title, with and without the comment that distinguishes it from others, the
-- titles of its releases that differ, and the aliases of both.
SELECT id AS release_group, name
FROM release_group
{of_groups}
UNION ALL
SELECT id, name || ' ' || comment
FROM (SELECT * FROM release_group WHERE comment <> '') AS release_group
{of_groups}
UNION ALL
SELECT release.release_group, release.name
FROM release
JOIN release_group ON release_group.id = release.release_group AND release_group.name <> release.name
{of_groups}
UNION ALL
SELECT release_group_alias.release_group, release_group_alias.name
FROM release_group_alias
JOIN release_group ON release_group.id = release_group_alias.release_group
{of_groups}
UNION ALL
SELECT release.release_group, release_alias.name
FROM release_alias
JOIN release ON release.id = release_alias.release
JOIN release_group ON release_group.id = release.release_group
{of_groups}
