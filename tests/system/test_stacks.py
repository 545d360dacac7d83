"""Stacks of threads, read from outside."""

from threading import Event, Thread

from system.stacks import MAX_FRAMES, ROOT, error_stack, frames, local, place, stack


def deep(levels, began, go):
    if levels:
        deep(levels - 1, began, go)
    else:
        began.set()
        go.wait(10)


def test_stack_of_a_thread_ends_with_what_it_does_and_is_bounded():
    began, go = Event(), Event()
    thread = Thread(target=deep, args=(100, began, go))
    thread.start()
    assert began.wait(10)
    lines = stack(thread.ident)
    held = [local(frame, "levels") for frame in frames(thread.ident) if frame.f_code is deep.__code__]
    go.set()
    thread.join(10)
    assert len(lines) == MAX_FRAMES
    assert lines[-1].endswith(" Condition.wait")
    assert any(line.startswith("tests/system/test_stacks.py:") and line.endswith(" deep") for line in lines)
    assert held[:3] == [0, 1, 2]
    assert stack(thread.ident) == []


def test_files_are_named_from_our_folder_or_their_librarys_on():
    assert place(str(ROOT / "actors" / "lane.py")) == "actors/lane.py"
    assert place(str(ROOT / ".venv" / "lib" / "site-packages" / "click" / "core.py")) == "click/core.py"
    assert (place("/usr/lib/python3/threading.py"), place("<string>")) == ("threading.py", "<string>")


def test_error_is_told_by_its_places_and_its_words():
    def fails():
        raise ValueError("no\nmore")

    try:
        fails()
    except ValueError as error:
        lines = error_stack(error)
    assert [line.split(" ")[1] for line in lines[:2]] == ["test_error_is_told_by_its_places_and_its_words", "fails"]
    assert lines[0].startswith("tests/system/test_stacks.py:")
    assert lines[2:] == ["ValueError: no", "more"]
