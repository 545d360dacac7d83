from pathlib import Path

from system.memory import give_back

BLOCKS, BYTES = 20_000, 2_000
PAGE_KIB = 4


def resident_kib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


def test_what_is_free_in_the_middle_of_the_heap_goes_back():
    blocks = [bytes(BYTES) for _ in range(BLOCKS)]
    last = blocks.pop()  # holds the heap's end, so that by itself nothing goes back
    blocks.clear()
    before_kib = resident_kib()
    give_back()
    assert before_kib - resident_kib() > BLOCKS * BYTES // 1024 // 2
    assert len(last) == BYTES
