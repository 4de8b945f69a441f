"""Figures and tables of the notebooks on the network and its training."""

from __future__ import annotations

import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from compendium import style
from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.model.dpnn import DPNN, LEFT, N_CONCATENATED, N_PARTS, RIGHT, Layer

STACKS = {"left": LEFT, "right": RIGHT}
STACK_COLOURS = {"left": style.BLUE, "right": style.VERMILION, "both": style.DARK_GREY}
STACK_CAPTIONS = {"left": "timbre: long kernels", "right": "rhythm: tall kernels"}
STACK_POSITIONS = {"left": 0.25, "right": 0.75, "both": 0.5}  # across the diagram, 0 to 1
CURVE_COLOURS = (style.VERMILION, style.BLUE, style.GREEN, style.GREY)
CURVE_STYLES = ("-", "--", "-.", ":")


def layers_table(network: DPNN) -> pd.DataFrame:
    """Tabulate the layers of a network: shapes, numbers of parameters and cost.

    Parameters
    ----------
    network : DPNN
        Is not changed.

    Returns
    -------
    pandas.DataFrame
        One row per layer: the convolutions of both stacks, then the dense layer. Columns:
        ``stack``, ``layer`` (its number), ``kernel`` and ``pool`` (mel bands x frames), ``output``
        (the shape after pooling: mel bands x frames x filters), ``parameters`` (batch normalisation
        included) and ``mflop``. The last is millions of floating-point operations for one excerpt
        in the forward pass; a multiplication and an addition count as two.
    """
    model = copy.deepcopy(network).cpu().eval()
    rows = [row for stack, layers in STACKS.items() for row in _stack_rows(model, stack, layers)]
    return pd.DataFrame([*rows, _dense_row(model)])


@torch.no_grad()
def _stack_rows(model: DPNN, stack: str, layers: tuple[Layer, ...]) -> list[dict[str, object]]:
    """Run an excerpt through a stack, and describe each layer."""
    rows = []
    x = model.normalise(torch.zeros(1, 1, N_MELS, N_FRAMES))
    for number, layer in enumerate(layers):
        parts = getattr(model, stack)[number * N_PARTS : (number + 1) * N_PARTS]
        n_positions = x.shape[2] * x.shape[3]  # where the kernel is applied
        x = parts(x)
        n_filters, n_bands, n_frames = x.shape[1:]
        convolution = parts[1]
        rows.append(
            {
                "stack": stack,
                "layer": number + 1,
                "kernel": "{} x {}".format(*layer.kernel),
                "pool": "{} x {}".format(*layer.pool),
                "output": f"{n_bands} x {n_frames} x {n_filters}",
                "parameters": sum(parameter.numel() for parameter in parts.parameters()),
                "mflop": 2e-6 * n_positions * convolution.weight.numel(),
            }
        )
    return rows


def _dense_row(model: DPNN) -> dict[str, object]:
    weight = model.dense.weight
    return {
        "stack": "both",
        "layer": len(LEFT) + 1,
        "kernel": "dense",
        "pool": "",
        "output": str(len(weight)),
        "parameters": weight.numel() + len(weight),
        "mflop": 2e-6 * weight.numel(),
    }


def architecture_figure(layers: pd.DataFrame) -> Figure:
    """Draw the network as a diagram, as in the paper's Figure 1.

    Parameters
    ----------
    layers : pandas.DataFrame
        See :func:`layers_table`.
    """
    figure, axes = plt.subplots(figsize=(8, 5.2))
    top = layers["layer"].max() + 2  # height of the input; the dense layer is at 1
    middle = STACK_POSITIONS["both"]
    _draw_box(axes, (middle, top), "log-mel excerpt, 80 x 130\nbatch normalisation", "both")
    for stack in STACKS:
        _draw_stack(axes, layers[layers["stack"] == stack], top)
        _draw_arrow(axes, (STACK_POSITIONS[stack], 3), (middle, 2))
    _draw_box(axes, (middle, 2), f"concatenated\n{N_CONCATENATED:,}", "both")
    _draw_arrow(axes, (middle, 2), (middle, 1))
    _draw_box(axes, (middle, 1), f"dense, ELU\n{layers['output'].iloc[-1]}", "both")
    axes.set(xlim=(0, 1), ylim=(0.5, top + 0.5))
    axes.axis("off")
    return style.lay_out(figure)


def _draw_stack(axes: plt.Axes, layers: pd.DataFrame, top: int) -> None:
    """Draw the convolutions of one stack below one another, with a caption."""
    stack = layers["stack"].iloc[0]
    x = STACK_POSITIONS[stack]
    above = (STACK_POSITIONS["both"], top)
    for layer in layers.itertuples():
        position = (x, top - layer.layer)
        text = f"{layer.kernel}, pool {layer.pool}\n{layer.output}"
        _draw_box(axes, position, text, stack)
        _draw_arrow(axes, above, position)
        above = position
    caption = STACK_CAPTIONS[stack]
    axes.text(x, top - 0.42, caption, ha="center", fontsize=8, color=STACK_COLOURS[stack])


def _draw_box(axes: plt.Axes, position: tuple[float, float], text: str, stack: str) -> None:
    axes.text(
        *position,
        text,
        ha="center",
        va="center",
        fontsize=8,
        color="white",
        bbox={"boxstyle": "round,pad=0.5", "facecolor": STACK_COLOURS[stack], "edgecolor": "none"},
    )


def _draw_arrow(axes: plt.Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = {"arrowstyle": "->", "color": style.GREY, "shrinkA": 20, "shrinkB": 20}
    axes.annotate("", end, start, arrowprops=arrow, zorder=1)


def filters_figure(untrained: DPNN, trained: DPNN) -> Figure:
    """Draw the filters of both first layers before and after training.

    Each row has the 16 filters of one stack. Time is horizontal, frequency is vertical.

    Parameters
    ----------
    untrained, trained : DPNN
        The same network before and after training.
    """
    figure, axes = plt.subplots(4, 16, figsize=(10, 4.4))
    rows = iter(axes)
    for stack in STACKS:
        for state, network in (("untrained", untrained), ("trained", trained)):
            filters = getattr(network, stack)[1].weight.detach()[:, 0].numpy()
            _draw_filters(next(rows), filters, f"{stack}\n{state}")
    return style.lay_out(figure)


def _draw_filters(row: np.ndarray, filters: np.ndarray, label: str) -> None:
    for panel, values in zip(row, filters, strict=True):
        limit = np.abs(values).max()
        panel.imshow(values, origin="lower", cmap="cividis", vmin=-limit, vmax=limit)
        panel.set(xticks=[], yticks=[])
    row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)


def sensitivity(network: DPNN, excerpts: torch.Tensor, seed: int = 0) -> pd.DataFrame:
    """Measure how strongly each stack reacts when its input is shuffled along one axis.

    Parameters
    ----------
    network : DPNN
        In evaluation mode.
    excerpts : torch.Tensor, shape (n, 80, 130)
        Log-mel excerpts.
    seed : int
        Seed of the shuffles.

    Returns
    -------
    pandas.DataFrame
        A row per ``stack``. Column ``frames``: the change of the output when the frames are
        shuffled; ``bands``: when the mel bands are shuffled. A change is the mean distance between
        the outputs for an excerpt before and after, divided by the mean distance between the
        outputs for two excerpts.
    """
    generator = torch.Generator().manual_seed(seed)
    original = excerpts.float()
    n_bands, n_frames = original.shape[1:]
    shuffled = {
        "frames": original[:, :, torch.randperm(n_frames, generator=generator)],
        "bands": original[:, torch.randperm(n_bands, generator=generator)],
    }
    table = {}
    for stack in STACKS:
        output = _stack_output(network, stack, original)
        spread = torch.pdist(output).mean()
        table[stack] = {}
        for axis, inputs in shuffled.items():
            change = (_stack_output(network, stack, inputs) - output).norm(dim=1).mean()
            table[stack][axis] = (change / spread).item()
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("stack")


@torch.no_grad()
def _stack_output(network: DPNN, stack: str, excerpts: torch.Tensor) -> torch.Tensor:
    return getattr(network, stack)(network.normalise(excerpts.unsqueeze(1))).flatten(1)


def batch_figure(matrices: dict[str, np.ndarray]) -> Figure:
    """Draw square matrices of one batch side by side.

    Parameters
    ----------
    matrices : dict of str to numpy.ndarray, shape (n, n)
        By title: cosines (float), or masks of pairs (bool).
    """
    n_panels = len(matrices)
    figure, axes = plt.subplots(1, n_panels, figsize=(3.1 * n_panels, 3.3), squeeze=False)
    for panel, (title, matrix) in zip(axes.flat, matrices.items(), strict=True):
        lowest = -1 if matrix.dtype.kind == "f" else 0
        panel.imshow(matrix, cmap="cividis", vmin=lowest, vmax=1, interpolation="nearest")
        panel.set_title(title, fontsize=10)
        panel.set(xticks=[], yticks=[])
    return style.lay_out(figure)


def triplets_figure(
    distances: np.ndarray, triplets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> Figure:
    """Draw the triplets of each mining strategy by their two distances.

    On the diagonal, the positive and the negative are equally far from the anchor.

    Parameters
    ----------
    distances : numpy.ndarray, shape (n, n)
        Squared distances between the embeddings of a batch.
    triplets : dict of str to tuple of numpy.ndarray of int
        By strategy: rows of the anchors, the positives and the negatives.
    """
    figure, axes = plt.subplots(
        1,
        len(triplets),
        figsize=(2.6 * len(triplets), 2.9),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    largest = distances.max()
    for panel, (strategy, rows) in zip(axes.flat, triplets.items(), strict=True):
        anchor, positive, negative = rows
        panel.plot([0, largest], [0, largest], color="black", linewidth=0.8)
        panel.plot(
            distances[anchor, positive],
            distances[anchor, negative],
            ".",
            color=style.VERMILION,
            markersize=3,
            alpha=min(1.0, 400 / max(len(anchor), 1)),  # many dots are drawn faintly
        )
        panel.set_title(f"{strategy}: {len(anchor):,}")
        panel.set_xlabel("squared distance\nto the positive")
    axes[0, 0].set_ylabel("squared distance\nto the negative")
    return style.lay_out(figure)


def histories_figure(histories: dict[str, pd.DataFrame], columns: dict[str, str]) -> Figure:
    """Draw training curves of several networks, one panel per quantity.

    Parameters
    ----------
    histories : dict of str to pandas.DataFrame
        By network: one row per ``epoch``, as in :class:`tagspace.model.training.Fit`.
    columns : dict of str to str
        The columns to draw, and the titles of their panels.
    """
    figure, axes = plt.subplots(1, len(columns), figsize=(4.2 * len(columns), 2.9), squeeze=False)
    for panel, (column, title) in zip(axes.flat, columns.items(), strict=True):
        panel.set_prop_cycle(color=CURVE_COLOURS, linestyle=CURVE_STYLES)
        for name, history in histories.items():
            panel.plot(history["epoch"], history[column], label=name)
        panel.set(xlabel="epoch", title=title)
    axes[0, -1].legend(frameon=False, fontsize=8)
    return style.lay_out(figure)
