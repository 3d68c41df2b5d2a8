"""Usual years: what all whole years that are counted here come to together, without names."""

from dataclasses import dataclass

from app.insights.standing import MIN_LISTENERS, MIN_PLAYS, STEPS, CountedAges
from app.insights.usual_years import CountedShares
from app.store.database import Connection, patient

COUNT_SECONDS = 300.0
"""For which counting all plays may take, on a slow disk."""


@dataclass(frozen=True)
class UsualYears:
    """The shares in each listening year, and the ages of all years; by album, and with True by song."""

    shares: dict[tuple[int, bool], CountedShares]
    ages: dict[bool, CountedAges]
    """Empty where there are too few listeners."""


# Plays are counted where they are stored; of years whose plays were removed, the counts were kept.
_QUERY = """
    WITH whole AS (
        SELECT lastfm_users.id AS user_id, year::integer AS year, fetch_jobs.id AS job, plays_removed_at
        FROM fetch_jobs
        JOIN lastfm_users USING (username_key)
        WHERE completed_at IS NOT NULL
    ), played AS (
        SELECT user_id,
               EXTRACT(year FROM starts AT TIME ZONE 'UTC')::integer AS year,
               unnest(tracks) AS track,
               count(*) AS plays
        FROM stretches
        GROUP BY user_id, year, track
    ), counted AS MATERIALIZED (
        SELECT user_id, year, by_song, released, sum(plays) AS plays
        FROM (
            SELECT played.user_id, played.year, by_song, released, plays
            FROM played
            JOIN whole ON whole.user_id = played.user_id AND whole.year = played.year AND plays_removed_at IS NULL
            JOIN placed_tracks ON placed_tracks.id = played.track
            CROSS JOIN LATERAL (
                VALUES (FALSE, release_year), (TRUE, song_release_year)
            ) AS each (by_song, released)
            UNION ALL
            SELECT user_id, year, by_song, key::integer, value::bigint
            FROM whole
            JOIN counted_years USING (job)
            CROSS JOIN LATERAL (
                VALUES
                    (FALSE, counted -> 'years'),
                    (TRUE, coalesce(nullif(counted -> 'song_years', '{}'), counted -> 'years'))
            ) AS each (by_song, years)
            CROSS JOIN LATERAL jsonb_each_text(years)
            WHERE plays_removed_at IS NOT NULL
        ) AS plays_of_years
        WHERE released IS NOT NULL
        GROUP BY user_id, year, by_song, released
    ), enough AS (
        SELECT user_id,
               year,
               by_song,
               min(placed) AS placed,
               sum(plays * greatest(0, year - released)) / min(placed) AS average_age,
               year - min(released) FILTER (WHERE 2 * up_to >= placed) AS middle_age
        FROM (
            SELECT *,
                   sum(plays) OVER (PARTITION BY user_id, year, by_song) AS placed,
                   sum(plays) OVER (PARTITION BY user_id, year, by_song ORDER BY released) AS up_to
            FROM counted
        ) AS counted
        WHERE placed >= %(least_plays)s
        GROUP BY user_id, year, by_song
    ), shares AS (
        SELECT year, by_song, released, round(sum(plays / placed), 6) AS share
        FROM counted
        JOIN enough USING (user_id, year, by_song)
        GROUP BY year, by_song, released
    )
    SELECT year,
           by_song,
           jsonb_build_object(
               'listeners', (SELECT count(*) FROM enough WHERE (year, by_song) = (shares.year, shares.by_song)),
               'shares', jsonb_object_agg(released, share)
           )
    FROM shares
    GROUP BY year, by_song
    UNION ALL
    SELECT NULL,
           by_song,
           jsonb_build_object(
               'listeners', count(DISTINCT user_id),
               'years', count(*),
               'average_ages', percentile_disc(%(steps)s::float8[]) WITHIN GROUP (ORDER BY average_age),
               'middle_ages', percentile_disc(%(steps)s::float8[]) WITHIN GROUP (ORDER BY middle_age)
           )
    FROM enough
    GROUP BY by_song
    HAVING count(DISTINCT user_id) >= %(least_listeners)s
"""


def count(connection: Connection) -> UsualYears:
    """Count all whole years with enough plays. Reads all stretches. Needs a transaction."""
    with patient(connection, COUNT_SECONDS):
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [f"{COUNT_SECONDS:.0f}s"])
        rows = connection.execute(
            _QUERY,
            {
                "least_plays": MIN_PLAYS,
                "least_listeners": MIN_LISTENERS,
                "steps": [step / 100 for step in STEPS],
            },
        ).fetchall()
    return UsualYears(
        shares={
            (year, by_song): CountedShares.model_validate(said) for year, by_song, said in rows if year is not None
        },
        ages={by_song: CountedAges.model_validate(said) for year, by_song, said in rows if year is None},
    )
