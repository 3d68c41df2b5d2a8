"""The cache holds finished pages for a moment."""

from sys import getrefcount

from app.web.page_cache import MAX_VARIANTS, MAX_YEARS, SECONDS, PageCache


def test_a_page_is_held_for_a_moment_under_its_name_in_any_case() -> None:
    now = 1000.0
    cache = PageCache(clock=lambda: now)
    cache.put("HeavyHelen", 2024, b"page")
    assert cache.get("heavyHELEN", 2024) == b"page"
    assert cache.get("HeavyHelen", 2023) is None
    now += SECONDS
    assert cache.get("HeavyHelen", 2024) is None


def test_a_page_that_is_dropped_is_gone_at_once() -> None:
    cache = PageCache()
    cache.put("HeavyHelen", 2024, b"page")
    cache.drop("heavyhelen", 2024)
    assert cache.get("HeavyHelen", 2024) is None
    cache.drop("heavyhelen", 2024)


def test_what_has_expired_takes_no_memory() -> None:
    now = 1000.0
    cache = PageCache(clock=lambda: now)
    pages = [b"%d" % number for number in range(1000, 1003)]
    before = [getrefcount(page) for page in pages]
    cache.put("HeavyHelen", 2024, pages[0])
    cache.put("LightLuca", 2024, pages[1], "by decade")
    now += SECONDS / 2
    cache.put("HeavyHelen", 2024, pages[2], "by decade")
    now += SECONDS / 2
    cache.put("SingleSam", 2024, b"page")
    assert cache.get("HeavyHelen", 2024, "by decade") == pages[2]
    now += SECONDS / 2
    cache.put("SingleSam", 2024, b"page")
    assert [getrefcount(page) for page in pages] == before


def test_a_full_shelf_lets_go_of_what_was_put_there_first() -> None:
    cache = PageCache()
    for number in range(MAX_YEARS):
        cache.put(f"Visitor{number}", 2024, b"page")
    cache.put("Visitor0", 2024, b"newer")
    cache.put("OneMore", 2024, b"page")
    assert cache.get("Visitor1", 2024) is None
    assert cache.get("Visitor0", 2024) == b"newer"
    assert cache.get("OneMore", 2024) == b"page"


def test_a_page_may_be_drawn_in_several_ways_that_go_together() -> None:
    cache = PageCache()
    cache.put("HeavyHelen", 2024, b"years")
    cache.put("HeavyHelen", 2024, b"decades", "by decade")
    assert (cache.get("HeavyHelen", 2024), cache.get("HeavyHelen", 2024, "by decade")) == (b"years", b"decades")
    cache.drop("HeavyHelen", 2024)
    assert (cache.get("HeavyHelen", 2024), cache.get("HeavyHelen", 2024, "by decade")) == (None, None)


def test_however_many_ways_are_asked_for_few_are_held() -> None:
    cache = PageCache()
    for host in range(100):
        cache.put("HeavyHelen", 2024, b"page", f"host {host}")
    held = [host for host in range(100) if cache.get("HeavyHelen", 2024, f"host {host}")]
    assert len(held) <= MAX_VARIANTS
    assert 99 in held, "the one that was drawn last"
