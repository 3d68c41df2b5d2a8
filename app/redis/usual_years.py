"""Usual years: what all years counted here come to, in Redis, so that pages can compare without the database.

A worker counts them every night, and once Redis has lost them. Until then a listener is compared with the built-in
curve alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from redis import Redis

from app.insights.standing import CountedAges
from app.insights.usual_years import CountedShares

_KEY = "lastyear:usual"
_AGES = "ages"

M = TypeVar("M", bound=BaseModel)


def write_usual_years(
    redis: Redis, shares: Mapping[tuple[int, bool], CountedShares], ages: Mapping[bool, CountedAges]
) -> None:
    """Replace what is kept: shares by listening year, and ages; of each by album and, with True, by song."""
    fields: dict[Any, Any] = {
        _field(str(year), by_song=by_song): one.model_dump_json() for (year, by_song), one in shares.items()
    }
    fields |= {_field(_AGES, by_song=by_song): one.model_dump_json() for by_song, one in ages.items()}
    pipeline = redis.pipeline()
    pipeline.delete(_KEY)
    if fields:
        pipeline.hset(_KEY, mapping=fields)
    pipeline.execute()


def are_usual_years_counted(redis: Redis) -> bool:
    """Whether there is a count: none is until the first night, nor after Redis has lost what it held."""
    return bool(redis.exists(_KEY))


def read_usual_shares(redis: Redis, years: Iterable[int]) -> dict[int, CountedShares]:
    """Read the shares by album of these listening years; years that are not counted are left out."""
    years = list(years)
    if not years:
        return {}
    found = redis.hmget(_KEY, [_field(str(year), by_song=False) for year in years])
    read = {year: _parse(CountedShares, data) for year, data in zip(years, found, strict=True)}
    return {year: one for year, one in read.items() if one}


def read_usual_year(
    redis: Redis, year: int, *, by_song: bool = False
) -> tuple[CountedShares | None, CountedAges | None]:
    """Read what a listening year is compared with."""
    shares, ages = redis.hmget(_KEY, [_field(name, by_song=by_song) for name in (str(year), _AGES)])
    return _parse(CountedShares, shares), _parse(CountedAges, ages)


def _field(name: str, *, by_song: bool) -> str:
    return f"{name} songs" if by_song else name


def _parse(model: type[M], data: object) -> M | None:
    if not isinstance(data, str | bytes):
        return None
    try:
        return model.model_validate_json(data)
    except ValidationError:
        return None
