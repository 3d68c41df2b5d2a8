-- What every artist who has an album is called: the own name, the aliases, and the names printed on the albums where
-- they differ. A joint one leads to the first artist of its credit, who leads to the same albums as the others.
SELECT artist.id AS artist, artist.name
FROM artist
WHERE EXISTS (SELECT FROM album_name WHERE album_name.artist = artist.id) {of_artists}
UNION ALL
SELECT artist.id, artist_alias.name
FROM artist
JOIN artist_alias ON artist_alias.artist = artist.id
WHERE EXISTS (SELECT FROM album_name WHERE album_name.artist = artist.id) {of_artists}
UNION ALL
SELECT artist.id, artist_credit.name
FROM artist
JOIN artist_credit_name ON artist_credit_name.artist = artist.id AND artist_credit_name.position = 0
JOIN artist_credit ON artist_credit.id = artist_credit_name.artist_credit AND artist_credit.name <> artist.name
WHERE EXISTS (SELECT FROM release_group WHERE release_group.artist_credit = artist_credit.id) {of_artists}
