"""A cache is bounded in bytes, and what was used last stays longest."""

import pytest

from app.caches import ByteBoundedCache


@pytest.fixture
def cache():
    return ByteBoundedCache(10)


def test_what_is_put_is_got(cache):
    cache.put("hall", "state", 4)

    assert cache.get("hall") == "state"
    assert cache.get("foyer") is None


def test_what_was_not_used_for_longest_goes_when_bytes_run_out(cache):
    cache.put("hall", 1, 4)
    cache.put("foyer", 2, 4)
    cache.get("hall")
    cache.put("stage", 3, 4)

    assert [cache.get(name) for name in ("hall", "foyer", "stage")] == [1, None, 3]
    assert cache.size == 8


def test_a_large_value_takes_the_place_of_many(cache):
    for name in "abcde":
        cache.put(name, name, 2)
    cache.put("large", "large", 9)

    assert (len(cache), cache.size) == (1, 9)


def test_a_value_larger_than_the_bound_is_kept_alone(cache):
    cache.put("hall", 1, 4)
    cache.put("huge", 2, 50)

    assert (cache.get("huge"), len(cache)) == (2, 1)
    cache.put("hall", 1, 4)
    assert (cache.get("huge"), cache.size) == (None, 4)


def test_a_new_value_takes_the_place_of_the_old_one(cache):
    cache.put("hall", 1, 8)
    cache.put("hall", 2, 6)

    assert (cache.get("hall"), cache.size) == (2, 6)


def test_what_is_forgotten_takes_no_bytes(cache):
    cache.put("hall", 1, 8)
    cache.pop("hall")
    cache.pop("foyer")

    assert (cache.get("hall"), cache.size, len(cache)) == (None, 0, 0)
