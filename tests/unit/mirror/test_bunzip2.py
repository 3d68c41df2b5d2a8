"""bzip2, decompressed by all cores."""

import bz2
import io
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror import bunzip2
from mirror.archive import BUNZIP2


def unpacked(packed: bytes) -> bytes:
    return b"".join(bunzip2.in_order(bunzip2.pieces(io.BytesIO(packed).read), cores=2))


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


@given(
    st.lists(st.tuples(st.binary(max_size=300), st.integers(1, 400)), min_size=1, max_size=4), st.integers(1, 99)
)
@settings(deadline=None)
def test_whatever_was_compressed_and_wherever_the_reads_end_it_comes_out(
    streams: list[tuple[bytes, int]], read: int
) -> None:
    plain = [part * times for part, times in streams]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bunzip2, "READ", read)
        assert unpacked(b"".join(map(bz2.compress, plain))) == b"".join(plain)


@pytest.mark.parametrize("level", [1, 9])
def test_many_blocks_stay_in_their_order(level: int) -> None:
    plain = noise(2_000_000) + b"\0" * 3_000_000
    assert unpacked(bz2.compress(plain, level)) == plain


def test_what_looks_like_a_mark_but_is_data_does_no_harm() -> None:
    plain = bunzip2.BLOCK.to_bytes(6, "big") * 1000 + bunzip2.END.to_bytes(6, "big") * 1000
    assert unpacked(bz2.compress(plain)) == plain


@pytest.mark.parametrize("end", [0, 3, 10, 1000, -1, -5, -12])
def test_a_torn_file_is_an_error(end: int) -> None:
    packed = bz2.compress(noise(300_000), 1)
    with pytest.raises((OSError, EOFError, ValueError)):
        unpacked(packed[:end])


@pytest.mark.parametrize("at", [5, 20, 1000, 150_000])
def test_a_flipped_bit_is_an_error(at: int) -> None:
    packed = bytearray(bz2.compress(noise(300_000), 1))
    packed[at] ^= 8
    with pytest.raises((OSError, EOFError, ValueError)):
        unpacked(bytes(packed))


def test_as_a_program_it_needs_nothing_but_python() -> None:
    command = [sys.executable, "-IS", str(BUNZIP2)]
    run = subprocess.run(command, input=bz2.compress(b"music" * 1000), capture_output=True, check=True)
    assert run.stdout == b"music" * 1000
