"""What the notebooks on the network and its training draw."""

from __future__ import annotations

import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from compendium.style import lay_out
from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.model.dpnn import DPNN, LEFT, N_CONCATENATED, N_PARTS, RIGHT

COLOURS = {"left": "#0072B2", "right": "#D55E00", "both": "#555555"}
LOOKS = {"left": "long in time", "right": "tall in frequency"}


def layers_table(network: DPNN) -> pd.DataFrame:
    """Tabulate the layers of a network as it really runs.

    Returns
    -------
    pandas.DataFrame
        One row per convolution and dense layer: ``stack``, ``layer``, ``kernel`` and ``pool``,
        ``output`` (the shape after pooling: mel bands, frames, filters), ``parameters`` (with those
        of its batch normalisation) and ``mflop``, millions of floating-point operations forward for
        one excerpt, a multiplication and an addition counted as two.
    """
    rows = []
    model = copy.deepcopy(network).cpu().eval()
    x = model.normalise(torch.zeros(1, 1, N_MELS, N_FRAMES))
    with torch.no_grad():
        for name, layers in (("left", LEFT), ("right", RIGHT)):
            stack, y = getattr(model, name), x
            for number, layer in enumerate(layers):
                parts = stack[number * N_PARTS : (number + 1) * N_PARTS]
                pixels, y = y.shape[2] * y.shape[3], parts(y)
                convolution = parts[1]
                rows.append(
                    {
                        "stack": name,
                        "layer": number + 1,
                        "kernel": "{} x {}".format(*layer.kernel),
                        "pool": "{} x {}".format(*layer.pool),
                        "output": "{} x {} x {}".format(*y.shape[2:], y.shape[1]),
                        "parameters": sum(p.numel() for p in parts.parameters()),
                        "mflop": 2e-6 * pixels * convolution.weight.numel(),
                    }
                )
    dense = model.dense.weight
    rows.append(
        {
            "stack": "both",
            "layer": len(LEFT) + 1,
            "kernel": "dense",
            "pool": "",
            "output": str(len(dense)),
            "parameters": dense.numel() + len(dense),
            "mflop": 2e-6 * dense.numel(),
        }
    )
    return pd.DataFrame(rows)


def architecture_figure(summary: pd.DataFrame) -> Figure:
    """Draw the network from the table of its layers, as in the paper's Figure 1.

    Parameters
    ----------
    summary : pandas.DataFrame
        See :func:`layers_table`.
    """
    figure, axes = plt.subplots(figsize=(8, 5.2))
    columns = {"left": 0.25, "right": 0.75, "both": 0.5}
    depth = summary["layer"].max() + 2
    _box(axes, 0.5, depth, "log-mel excerpt, 80 x 130\nbatch normalisation", "#555555")
    for row in summary.itertuples():
        kind = f"{row.kernel}, pool {row.pool}" if row.pool else "dense, ELU"
        text = f"{kind}\n{row.output}"
        centre, height = columns[row.stack], depth - row.layer - (row.stack == "both")
        _box(axes, centre, height, text, COLOURS[row.stack])
        if row.stack != "both":
            start = (0.5, depth) if row.layer == 1 else (centre, height + 1)
            _arrow(axes, start, (centre, height))
    _box(axes, 0.5, 2, f"joined\n{N_CONCATENATED:,}", COLOURS["both"])
    for centre in (0.25, 0.75):
        _arrow(axes, (centre, 3), (0.5, 2))
    _arrow(axes, (0.5, 2), (0.5, 1))
    for name, text in LOOKS.items():
        axes.text(columns[name], depth - 0.42, text, ha="center", fontsize=8, color=COLOURS[name])
    axes.set(xlim=(0, 1), ylim=(0.5, depth + 0.5))
    axes.axis("off")
    return lay_out(figure)


def filters_figure(before: DPNN, after: DPNN) -> Figure:
    """Draw the filters of both first layers, untrained above and trained below."""
    figure, axes = plt.subplots(4, 16, figsize=(10, 4.4))
    for half, model in enumerate((before, after)):
        for line, name in enumerate(("left", "right")):
            filters = getattr(model, name)[1].weight.detach()[:, 0].numpy()
            rows = axes[2 * line + half]
            for panel, values in zip(rows, filters, strict=True):
                limit = np.abs(values).max()
                panel.imshow(values, origin="lower", cmap="cividis", vmin=-limit, vmax=limit)
                panel.set(xticks=[], yticks=[])
            rows[0].set_ylabel(
                f"{name}\n{('untrained', 'trained')[half]}",
                rotation=0,
                ha="right",
                va="center",
                fontsize=8,
            )
    return lay_out(figure)


def sensitivity(model: DPNN, excerpts: torch.Tensor, seed: int = 0) -> pd.DataFrame:
    """Measure what each stack reacts to, by shuffling its input along one axis.

    Parameters
    ----------
    model : DPNN
        In evaluation mode.
    excerpts : torch.Tensor, shape (n, 80, 130)
        Log-mel excerpts.
    seed : int
        Draws the shuffles.

    Returns
    -------
    pandas.DataFrame
        By stack: the mean change of its output, relative to how much outputs of different excerpts
        differ, when the order of the ``frames`` is lost, and when that of the ``bands`` is.
    """
    generator = torch.Generator().manual_seed(seed)
    plain = excerpts.float()
    shuffled = {
        "frames": plain[:, :, torch.randperm(plain.shape[2], generator=generator)],
        "bands": plain[:, torch.randperm(plain.shape[1], generator=generator)],
    }
    table = {}
    for name in ("left", "right"):
        outputs = {"plain": _stack_output(model, name, plain)} | {
            axis: _stack_output(model, name, x) for axis, x in shuffled.items()
        }
        spread = torch.pdist(outputs["plain"]).mean()
        table[name] = {
            axis: ((outputs[axis] - outputs["plain"]).norm(dim=1).mean() / spread).item()
            for axis in shuffled
        }
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("stack")


@torch.no_grad()
def _stack_output(model: DPNN, name: str, excerpts: torch.Tensor) -> torch.Tensor:
    return getattr(model, name)(model.normalise(excerpts.unsqueeze(1))).flatten(1)


def batch_figure(panels: dict[str, np.ndarray]) -> Figure:
    """Draw square matrices of one batch side by side: cosines, or masks of pairs."""
    figure, axes = plt.subplots(1, len(panels), figsize=(3.1 * len(panels), 3.3), squeeze=False)
    for panel, (title, matrix) in zip(axes.flat, panels.items(), strict=True):
        lowest = -1 if matrix.dtype.kind == "f" else 0
        panel.imshow(matrix, cmap="cividis", vmin=lowest, vmax=1, interpolation="nearest")
        panel.set_title(title, fontsize=10)
        panel.set(xticks=[], yticks=[])
    return lay_out(figure)


def triplets_figure(
    distances: np.ndarray, chosen: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> Figure:
    """Draw the triplets that each strategy chooses, by their two distances.

    Parameters
    ----------
    distances : numpy.ndarray, shape (n, n)
        Squared distances in the batch.
    chosen : dict
        Anchors, positives and negatives, by the name of the strategy.
    """
    figure, axes = plt.subplots(
        1, len(chosen), figsize=(2.6 * len(chosen), 2.9), sharex=True, sharey=True, squeeze=False
    )
    top = distances.max()
    for panel, (name, (anchor, positive, negative)) in zip(axes.flat, chosen.items(), strict=True):
        panel.plot([0, top], [0, top], color="black", linewidth=0.8)
        panel.plot(
            distances[anchor, positive],
            distances[anchor, negative],
            ".",
            color="#D55E00",
            markersize=3,
            alpha=min(1.0, 400 / max(len(anchor), 1)),
        )
        panel.set(title=f"{name}: {len(anchor):,}", xlabel="to the positive")
    axes[0, 0].set_ylabel("to the negative")
    return lay_out(figure)


def histories_figure(histories: dict[str, pd.DataFrame], columns: dict[str, str]) -> Figure:
    """Draw columns of several histories against the epoch, a line style to each history."""
    figure, axes = plt.subplots(1, len(columns), figsize=(4.2 * len(columns), 2.9), squeeze=False)
    colours = ("#D55E00", "#0072B2", "#009E73", "#999999")
    for panel, (column, label) in zip(axes.flat, columns.items(), strict=True):
        for (name, history), colour, style in zip(
            histories.items(), colours, ("-", "--", "-.", ":"), strict=False
        ):
            panel.plot(history["epoch"], history[column], style, color=colour, label=name)
        panel.set(xlabel="epoch", title=label)
    axes[0, -1].legend(frameon=False, fontsize=8)
    return lay_out(figure)


def _box(axes: plt.Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=8,
        color="white",
        bbox={"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "none"},
    )


def _arrow(axes: plt.Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "->", "color": "#999999", "shrinkA": 20, "shrinkB": 20}
    axes.annotate("", end, start, arrowprops=style, zorder=1)
