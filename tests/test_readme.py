"""The programs in the README run as they are printed."""

from pathlib import Path

import torch

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_losses_and_lsi_learn_from_recipes(capsys):
    programs = [block.split("```")[0] for block in README.split("```python\n")[1:]]
    (program,) = [program for program in programs if "recipes" in program]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        exec(program, {})
    assert capsys.readouterr().out == "tensor([1, 0, 3, 2])\n"
