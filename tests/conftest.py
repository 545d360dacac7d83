"""For all tests."""


def pytest_collection_modifyitems(items):
    """The slow ones first: with several workers none of them is the last to begin."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
