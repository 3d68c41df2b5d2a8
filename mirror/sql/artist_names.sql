-- All names of every artist who has an album: the artist's own, the aliases, and the names printed on albums where
-- they differ. A joint credit leads to its first artist, who leads to the same albums as the others.
WITH credited AS (
    SELECT artist, artist_credit, position
    FROM artist_credit_name
    WHERE EXISTS (
        SELECT FROM release_group WHERE release_group.artist_credit = artist_credit_name.artist_credit
    ) {of_artists}
), artists AS (
    SELECT DISTINCT artist AS id FROM credited
)
SELECT artist.id AS artist, artist.name
FROM artist
JOIN artists USING (id)
UNION ALL
SELECT artists.id, artist_alias.name
FROM artists
JOIN artist_alias ON artist_alias.artist = artists.id
UNION ALL
SELECT artist.id, artist_credit.name
FROM credited
JOIN artist ON artist.id = credited.artist
JOIN artist_credit ON artist_credit.id = credited.artist_credit AND artist_credit.name <> artist.name
WHERE credited.position = 0
