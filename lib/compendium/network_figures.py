"""Figures and tables of the notebooks on the network and its training."""

from __future__ import annotations

import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from compendium import style
from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.model.dpnn import DPNN, LEFT, N_CONCATENATED, N_PARTS, RIGHT, Layer

STACKS = {"left": LEFT, "right": RIGHT}
STACK_COLOURS = {"left": style.BLUE, "right": style.ORANGE, "both": style.MUTED}
STACK_ROLES = {"left": "timbre", "right": "rhythm"}
STACK_KERNELS = {"left": "long kernels", "right": "tall kernels"}
STACK_POSITIONS = {"left": 0.24, "right": 0.76, "both": 0.5}  # across the diagram, 0 to 1
EDGE = 0.3  # from the centre of a box of the diagram to just outside it, in rows
CURVE_COLOURS = (style.ORANGE, style.BLUE, style.GREEN, style.AMBER, style.PURPLE)
# Of the kinds of pairs in a batch; a picture has the same colours in light and dark mode.
PAIR_COLOURS = {
    "related": "#c24a01",
    "same album": "#7a45af",
    "unrelated": "#a9cfec",
    "neither": "#e4e4e4",
}


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


def architecture_figure(layers: pd.DataFrame) -> list[Figure]:
    """Draw the network as a diagram, as in the paper's Figure 1.

    Parameters
    ----------
    layers : pandas.DataFrame
        See :func:`layers_table`.
    """
    figure, axes = style.panel(height=5.2, width=3.9)
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
    return [figure]


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
    axes.text(
        {"left": 0, "right": 1}[stack],
        top - 0.4,
        f"{STACK_ROLES[stack]}:\n{STACK_KERNELS[stack]}",
        ha=stack,
        va="center",
        color=STACK_COLOURS[stack],
        weight="bold",
    )


def _draw_box(axes: plt.Axes, position: tuple[float, float], text: str, stack: str) -> None:
    box = {"boxstyle": "round,pad=0.45", "facecolor": "none", "edgecolor": STACK_COLOURS[stack]}
    axes.text(*position, text, ha="center", va="center", fontsize=8, bbox=box)


def _draw_arrow(axes: plt.Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow from below one box to above another; both are given by their centres."""
    below, above = (start[0], start[1] - EDGE), (end[0], end[1] + EDGE)
    arrow = {"arrowstyle": "->", "color": style.MUTED, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", above, below, arrowprops=arrow, zorder=1)


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


def sensitivity_figure(changes: dict[str, pd.DataFrame]) -> list[Figure]:
    """Draw how strongly each stack reacts to shuffled frames and to shuffled mel bands.

    Parameters
    ----------
    changes : dict of str to pandas.DataFrame
        By title of a panel; see :func:`sensitivity`.
    """
    panels = []
    bars = {"frames": (style.AMBER, -0.2), "bands": (style.PURPLE, 0.2)}
    for title, table in changes.items():
        figure, axes = style.panel(title, height=2.1)
        for axis, (colour, shift) in bars.items():
            heights = np.arange(len(table)) + shift
            axes.barh(heights, table[axis], height=0.36, color=colour)
            for height, value in zip(heights, table[axis], strict=True):
                axes.text(value + 0.02, height, f"{value:.2f} {axis}", va="center", color=colour)
        roles = [f"{name}\n({STACK_ROLES[name]})" for name in table.index]
        axes.set_yticks(range(len(table)), roles)
        axes.tick_params(left=False)
        axes.set(xlabel="change when shuffled", xlim=(0, 1.5), ylim=(len(table) - 0.5, -0.5))
        panels.append(figure)
    return panels


def batch_figure(cosines: np.ndarray, kinds: dict[str, np.ndarray]) -> list[Figure]:
    """Draw the pairs of one batch: their cosines, and what training does with them.

    Parameters
    ----------
    cosines : numpy.ndarray, shape (n, n)
        Of the LSI vectors.
    kinds : dict of str to numpy.ndarray of bool, shape (n, n)
        Masks of ``related``, ``same album`` and ``unrelated`` pairs.
    """
    left, axes = style.panel("cosine", height=4.2)
    image = axes.imshow(cosines, vmin=-1, vmax=1, interpolation="nearest")
    bar = axes.inset_axes((0.1, -0.13, 0.8, 0.04))
    left.colorbar(image, cax=bar, orientation="horizontal", ticks=[-1, 0, 1])
    right, others = style.panel("used as", height=4.2)
    codes = np.full(cosines.shape, len(PAIR_COLOURS) - 1)
    for code, name in reversed(list(enumerate(PAIR_COLOURS))[:-1]):
        codes[kinds[name]] = code
    shades = ListedColormap(list(PAIR_COLOURS.values()))
    others.imshow(codes, cmap=shades, vmin=-0.5, vmax=3.5, interpolation="nearest")
    for place, (name, colour) in enumerate(PAIR_COLOURS.items()):
        spot = others.transAxes
        x, y = 0.15 + 0.4 * (place % 2), -0.11 - 0.07 * (place // 2)
        others.plot(x, y, "s", color=colour, transform=spot, clip_on=False)
        others.text(x + 0.06, y, name, transform=spot, va="center")
    for panel, each in ((left, axes), (right, others)):
        each.set(xlabel="track", ylabel="track", xticks=[], yticks=[])
        panel.set_layout_engine("none")  # both matrices have the same size
        each.set_position((0.07, 0.19, 0.9, 0.75))
    return [left, right]


def triplets_figure(
    distances: np.ndarray,
    triplets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    margin: float,
) -> list[Figure]:
    """Draw the triplets of each mining strategy by their two distances.

    Above the line, triplets keep the margin.

    Parameters
    ----------
    distances : numpy.ndarray, shape (n, n)
        Squared distances between the embeddings of a batch.
    triplets : dict of str to tuple of numpy.ndarray of int
        By strategy: rows of the anchors, the positives and the negatives.
    margin : float
        Of the loss.
    """
    panels = []
    largest = 1.05 * distances.max()
    for strategy, rows in triplets.items():
        anchor, positive, negative = rows
        figure, axes = style.panel(f"{strategy}: {len(anchor):,}", height=2, width=1.72)
        axes.plot([0, largest], [margin, largest + margin], color=style.MUTED, linewidth=0.8)
        axes.plot(
            distances[anchor, positive],
            distances[anchor, negative],
            ".",
            color=style.ORANGE,
            markersize=4,
            markeredgewidth=0,
            alpha=min(0.8, 200 / max(len(anchor), 1)),  # many dots are drawn faintly
        )
        axes.set(xlabel="to the positive", ylabel="to the negative")
        axes.set(xlim=(0, largest), ylim=(0, largest), aspect="equal")
        axes.locator_params(nbins=3)
        panels.append(figure)
    return panels


def histories_figure(histories: dict[str, pd.DataFrame], columns: dict[str, str]) -> list[Figure]:
    """Draw training curves of several networks, one panel per quantity.

    Parameters
    ----------
    histories : dict of str to pandas.DataFrame
        By network: one row per ``epoch``, as in :class:`tagspace.model.training.Fit`.
    columns : dict of str to str
        The columns to draw, and the titles of their panels.
    """
    panels = []
    for column, title in columns.items():
        figure, axes = style.panel(title, height=2.3, width=3.4)
        ends = []
        for (name, history), colour in zip(histories.items(), CURVE_COLOURS, strict=False):
            values = history.set_index("epoch")[column]
            ends.append(style.named_line(axes, values, name, colour))
        if column == "triplets":
            axes.set_yscale("symlog", linthresh=10)
            axes.set_ylim(bottom=-2)
        style.label_ends(axes, ends)
        axes.set(xlabel="epoch")
        axes.set_xlim(right=1.45 * axes.get_xlim()[1])  # room for the names
        axes.set_xticks(range(1, 1 + int(max(end[0] for end in ends))))
        panels.append(figure)
    return panels
