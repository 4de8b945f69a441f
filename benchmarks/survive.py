"""What runs survive, and how figures differ: writes the tables of the page "What can go wrong".

    python benchmarks/survive.py [CASES]

CASES is the number of damaged inputs of each kind (default: 1,000). All runs are short trainings on
the moods of the demo corpus, on the CPU. It takes about an hour on two cores. The tables replace
``lib/compendium/measured/survived.csv`` and ``lib/compendium/measured/differences.csv``.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
from timing import processor

from compendium import measured
from tagspace.runs import records

ROOT = Path(__file__).parents[1]
N_KILLS = 20
RUN = """
import sys, json
from tagspace.configuration import Configuration
from tagspace.corpus import load_corpus
from tagspace.runs import comparison, experiment
given = json.loads(sys.argv[1])
configuration = Configuration.check({"tagsets": "moods", "device": "cpu", **given})
record = experiment.run_experiment(load_corpus(configuration), configuration)
table = comparison.mean_table(record.metrics, "graded nDCG@10")
print(json.dumps(table.iloc[:, -1].to_dict()))
"""
AGAIN = {"reference run": {}, "repeated": {}, "one thread": {"OMP_NUM_THREADS": "1"}}
OLDER = {
    "instructions of 2013 (AVX2)": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "instructions of 2008 (SSE4.1)": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    },
}


def start(parameters: dict[str, object], **environment: str) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, json.dumps(parameters)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> dict[str, float]:
    """Wait for a run, and return its figures by representation."""
    output, _ = process.communicate()
    return json.loads(output.splitlines()[-1])


def kills(folder: Path) -> dict[str, object]:
    """Kill a run at random moments, start it again each time, and compare with one left alone."""
    parameters = {"epochs": 40, "patience": 40}
    result(start({**parameters, "runs": str(folder / "whole")}))
    generator, n_kills = random.Random(0), 0
    while n_kills < N_KILLS:
        process = start({**parameters, "runs": str(folder / "killed")})
        try:
            process.wait(generator.uniform(1, 15))
            break  # finished before the last kill
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            n_kills += 1
    if n_kills == N_KILLS:
        result(start({**parameters, "runs": str(folder / "killed")}))
    files = [sorted(folder.glob(f"{part}/demo-*/*")) for part in ("whole", "killed")]
    same = [
        one.name
        for one, other in zip(*files, strict=True)
        if one.name in records.FILES[1:] and one.read_bytes() == other.read_bytes()
    ]
    return {
        "kind": "interruption",
        "what": "kill -9 at random moments of a run, resumed each time",
        "cases": n_kills,
        "lost": 0 if same == sorted(records.FILES[1:]) else 1,
    }


def fuzzing(cases: int) -> list[dict[str, object]]:
    """Read damaged tables, audio files and records, and count those that no clear answer met."""
    rows = []
    for file in sorted((ROOT / "tests" / "fuzz").glob("test_*.py")):
        command = [sys.executable, "-m", "pytest", str(file), "-p", "no:cacheprovider"]
        command += ["--hypothesis-show-statistics"]
        environment = {**os.environ, "FUZZ": str(cases)}
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        counts = Counter[str]()
        for passing, failing in re.findall(r"(\d+) passing, (\d+) failing", run.stdout):
            counts.update(passing=int(passing), failing=int(failing))
        rows.append(
            {
                "kind": "damaged input",
                "what": file.stem.removeprefix("test_fuzz_"),
                "cases": counts.total(),
                "lost": counts["failing"],
            }
        )
    return rows


def differences(folder: Path) -> pd.DataFrame:
    """Make one run under several conditions. Older processors have no fast bfloat16."""
    rows = []
    for precision, conditions in {"float32": AGAIN | OLDER, "bfloat16": AGAIN}.items():
        for number, (what, environment) in enumerate(conditions.items()):
            place = folder / f"{precision}-{number}"
            parameters = {"epochs": 5, "precision": precision, "runs": str(place)}
            found = result(start(parameters, **environment))
            rows.append({"precision": precision, "what": what, **found})
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    about = {"machine": processor(), "commit": records.environment()["commit"]}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        found = differences(place)
        found.assign(**about).to_csv(
            measured.FOLDER / "differences.csv", index=False, float_format="%.6g"
        )
        survived = pd.DataFrame([kills(place), *fuzzing(cases)]).assign(**about)
        survived.to_csv(measured.FOLDER / "survived.csv", index=False)
    print(survived.to_string(index=False))
