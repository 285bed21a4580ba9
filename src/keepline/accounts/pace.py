"""How often something may be done within a while, counted in the cache that all processes share."""

from django.core.cache import cache


def is_within(action: str, who: str, most: int, window_s: int) -> bool:
    """Counts one `action` of `who`; False when they have done it `most` times in this while."""
    key = f"{action}:{who}"
    cache.add(key, 0, window_s)
    try:
        done: int = cache.incr(key)
    except ValueError:  # it expired between the two calls
        return True
    return done <= most
