"""For all tests."""

import msgpack  # noqa: F401 - before any clock is frozen: it takes a `date` of no other kind


def pytest_collection_modifyitems(items):
    """The slow ones first: with several workers none of them is the last to begin."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
