"""Match generated names at the size of the Million Song Dataset; print time and memory."""

import resource
import time

import numpy as np
import pandas as pd

from tagspace.datasets.matching import match

N_TRACKS, N_RELEASES, N_ALBUMS = 1_000_000, 230_000, 75_000
SPELLINGS = ("{}", "The {}", "{} feat. Someone", "{} (Deluxe Edition)", "{}!", "{} - 2009 Remaster")


def main() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"{a}{b}{c}" for a in "bdfglmnr" for b in "aeiouéö" for c in "klmnrst"])
    names = [" ".join(row) for row in words[rng.integers(len(words), size=(2 * N_RELEASES, 3))]]
    releases = pd.DataFrame({"artist": names[::2], "release": names[1::2]})
    tagged = releases.iloc[rng.permutation(N_RELEASES)[:N_ALBUMS]].reset_index(drop=True)
    tags = {name: rng.integers(1000, size=N_ALBUMS).astype(str) for name in ("genres", "moods")}
    spelled = releases.map(lambda name: SPELLINGS[rng.integers(len(SPELLINGS))].format(name))
    rows = np.concatenate(
        [np.arange(N_RELEASES), rng.integers(N_RELEASES, size=N_TRACKS - N_RELEASES)]
    )
    songs = spelled.iloc[rows].set_index(pd.Index([f"TR{n:016X}" for n in range(N_TRACKS)]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    found = match(tagged.assign(**tags), songs)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(found.report())
    print(f"{seconds:.1f} s; {peak / 2**20:.2f} GiB at most, {before / 2**20:.2f} before")


if __name__ == "__main__":
    main()
