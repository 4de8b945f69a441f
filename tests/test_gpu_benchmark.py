"""The GPU benchmark runs on a processor, and where audio libraries and pydantic are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
MISSING = ["librosa", "pydantic", "soundfile", "soxr", "pooch", "mutagen", "dask", "distributed"]
BLOCK_AND_RUN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({MISSING}))  # None makes an import fail
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_every_figure_of_the_gpu_benchmark_is_measured(tmp_path):
    script = ROOT / "benchmarks" / "gpu.py"
    command = [sys.executable, "-c", BLOCK_AND_RUN, script, tmp_path / "gpu.csv", "--small"]
    paths = os.pathsep.join([str(ROOT / "lib"), str(script.parent)])
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run([*command, "--device", "cpu"], check=True, env=environment, capture_output=True)
    table = pd.read_csv(tmp_path / "gpu.csv").set_index("what")
    unknown = table.index.str.startswith("synchronisations")  # a processor does not wait for itself
    assert table["value"].notna().tolist() == (~unknown).tolist()
    assert (table["value"][~unknown] > 0).all()
    assert {"evaluation of 300 tracks", "training, batches of 16"} <= set(table.index)
