"""Mutate bytes: what transfers, editors, programs and power cuts do to files."""

from contextlib import contextmanager

from hypothesis import strategies as st

from tagspace.errors import TagspaceError

# Texts that have broken readers of tables, and bytes that have broken readers of files.
TOKENS = [
    *(b"nan", b"[]", b"['a', 'b']", b"None", b"0", b"-1", b"1e999", b"NaN", b"true", b"{}"),
    *(b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\0", b"\\"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", b"\xc0\x80", b"\xed\xa0\x80", "é".encode("utf-16")),
    *("\u2028".encode(), "\u202e".encode(), "e\u0301".encode(), "\ufeff".encode()),
    *(b"../../etc/passwd", b"/dev/zero", b"%s%n", b"<script>", b"=cmd()", b"A" * 140_000),
    *(b"\x1a", b"\x7f"),
    *(b"\xff" * 8, b"\0" * 64, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xfb\x90\x00"),
]  # fmt: skip
PLACE = st.floats(0, 1)
MUTATION = st.one_of(
    st.tuples(st.just("overwrite"), PLACE, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), PLACE, st.sampled_from(TOKENS)),
    st.tuples(st.just("replace"), PLACE, st.sampled_from(TOKENS)),
    st.tuples(st.just("delete"), PLACE, st.integers(1, 200)),
    st.tuples(st.just("repeat"), PLACE, st.integers(1, 2000)),
    st.tuples(st.just("move"), PLACE, PLACE),
    st.tuples(st.just("cut"), PLACE, st.none()),
    st.tuples(st.just("lose the start"), PLACE, st.none()),
    st.tuples(st.just("flip"), PLACE, st.integers(0, 7)),
    st.tuples(st.just("blank"), PLACE, st.integers(1, 4096)),
    st.tuples(st.just("encode"), PLACE, st.sampled_from(["utf-16", "utf-8-sig", "latin-1"])),
)
MUTATIONS = st.lists(MUTATION, min_size=1, max_size=4)


def _field_end(after):
    """Find the end of a field, or of what looks like one."""
    return next((n for n, byte in enumerate(after[:300]) if byte in b',;\t"\n:}'), 300)


def _turned(after, at):
    return after[at:] + after[:at]


def _flip(after, bit):
    return bytes([after[0] ^ 1 << bit]) + after[1:] if after else after


# What becomes of the part after a place; the part before it stays.
CHANGES = {
    "overwrite": lambda after, text: text + after[len(text) :],
    "insert": lambda after, text: text + after,
    "replace": lambda after, text: text + after[_field_end(after) :],
    "delete": lambda after, size: after[size:],
    "repeat": lambda after, size: after[:size] + after,
    "move": lambda after, share: (
        after[int(share * len(after)) :] + after[: int(share * len(after))]
    ),
    "cut": lambda _after, _: b"",
    "flip": _flip,
    "blank": lambda after, size: bytes(len(after[:size])) + after[size:],
}


def mutated(data, mutations):
    """Apply mutations to bytes, one after the other."""
    for kind, place, detail in mutations:
        at = int(place * len(data))
        if kind == "lose the start":
            data = data[at:]
        elif kind == "encode":
            data = data.decode(errors="replace").encode(detail, errors="replace")
        else:
            data = data[:at] + CHANGES[kind](data[at:], detail)
    return data


@contextmanager
def or_one_clear_error():
    """Let an error pass that a user can read: of our own kind, one line, not too long."""
    try:
        yield
    except (TagspaceError, SystemExit) as error:
        if not (0 < len(str(error)) < 1500 and str(error).isprintable()):
            raise AssertionError(str(error)) from error
