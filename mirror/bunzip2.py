"""A bzip2 decompressor for as many cores as there are: standard input to standard output, in little memory.

Blocks of a bzip2 file know nothing of each other, but begin at any bit. Each is cut out at its mark, shifted to a
byte's border, and made a file of its own that Python's bz2 can read. It checks each block's checksum. Run as a
program of its own; imports nothing of ours.
"""

import bz2
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO

BLOCK, END = 0x314159265359, 0x177245385090  # the marks of a block and of a stream's end
MARK_BITS, CHECKSUM_BITS = 48, 32
HEAD = b"BZh9"
EMPTY = rb"BZh[1-9]\x17\x72\x45\x38\x50\x90\0{4}"
HEADS = re.compile(rb"(?:%b)*BZh[1-9]" % EMPTY)
READ = 1 << 20
TAIL = 64  # bytes: in these a stream ends, with its checksum and padding, before the first block of the next


def _needles(mark: int) -> list[tuple[int, bytes, int]]:
    """How a mark looks at each shift: the shift, the whole bytes that are all its own, and the offset of these."""
    found = []
    for shift in range(8):
        shifted = (mark << (8 - shift)).to_bytes(7, "big")
        found.append((shift, shifted[:6], 0) if shift == 0 else (shift, shifted[1:6], 1))
    return found


BLOCK_NEEDLES, END_NEEDLES = _needles(BLOCK), _needles(END)


def _marks(data: bytes, needles: list[tuple[int, bytes, int]], mark: int, start: int = 0) -> list[int]:
    """The bits at which this mark begins."""
    found = []
    for shift, needle, offset in needles:
        at = data.find(needle, start)
        while at >= 0:
            bit = (at - offset) * 8 + shift
            if bit >= 0 and _bits(data, bit, bit + MARK_BITS) == mark:
                found.append(bit)
            at = data.find(needle, at + 1)
    return sorted(found)


def _bits(data: bytes, begin: int, end: int) -> int:
    """The bits from `begin` to before `end` as one number; -1 if there are not so many."""
    last = (end + 7) // 8
    if last > len(data):
        return -1
    number = int.from_bytes(data[begin // 8 : last], "big") >> (last * 8 - end)
    return number & ((1 << (end - begin)) - 1)


def pieces(read: Callable[[int], bytes]) -> Iterator[tuple[bytes, int, int]]:
    """The bytes around each block, and the bits in them where it begins and where the next one does."""
    data, searched, begin = b"", 0, None
    while True:
        fresh = read(READ)
        data += fresh
        for bit in _marks(data, BLOCK_NEEDLES, BLOCK, max(searched - 8, 0)):
            if begin is None:
                _check_head(data, bit)
            elif bit > begin:
                yield data, begin, bit
            begin = bit
        if not fresh:
            break
        cut = (begin or 0) // 8
        data, begin = data[cut:], None if begin is None else begin - cut * 8
        searched = len(data)
    _check_end(data)
    if begin is not None:
        yield data, begin, len(data) * 8


def _check_head(data: bytes, first: int) -> None:
    """Nothing but heads and empty streams stands before the first block."""
    if first % 8 or not HEADS.fullmatch(data, 0, first // 8):
        raise ValueError("this file does not begin as bzip2 files do")


def _check_end(data: bytes) -> None:
    """The last stream has its end mark and behind it room for its checksum."""
    ends = _marks(data, END_NEEDLES, END, max(len(data) - TAIL, 0))
    if not ends or ends[-1] + MARK_BITS + CHECKSUM_BITS > len(data) * 8:
        raise EOFError("this file does not end as bzip2 files do")


def plain(data: bytes, begin: int, end: int) -> bytes:
    """The content of one block."""
    tail = max(end // 8 - TAIL, begin // 8)
    ends = [bit for bit in _marks(data[: (end + 7) // 8], END_NEEDLES, END, tail) if begin < bit < end]
    for stop in [*ends, end]:
        try:
            return bz2.decompress(_alone(data, begin, stop))
        except (OSError, ValueError):
            if stop == end:
                raise
    raise AssertionError


def _alone(data: bytes, begin: int, end: int) -> bytes:
    """A bzip2 file with this one block."""
    checksum = _bits(data, begin + MARK_BITS, begin + MARK_BITS + CHECKSUM_BITS)
    bits = end - begin
    number = ((_bits(data, begin, end) << MARK_BITS | END) << CHECKSUM_BITS | checksum) << (-bits % 8)
    return HEAD + number.to_bytes((bits + 7) // 8 + 10, "big")


def in_order(blocks: Iterable[tuple[bytes, int, int]], cores: int) -> Iterator[bytes]:
    """The content of all blocks; a few are always under way."""
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for block in blocks:
            waiting.append(pool.submit(plain, *block))
            if len(waiting) > cores + 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Decompress all of the source."""
    for block in in_order(pieces(source.read), os.cpu_count() or 1):
        target.write(block)
    target.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
