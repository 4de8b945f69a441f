"""Music representations learned from tags (Schindler and Knees, CBMI 2019).

The names below are the public interface. Each is imported when it is first used, so that
``import tagspace`` is fast and loads neither torch nor librosa nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Configuration": "tagspace.configuration",
    "ContrastiveLoss": "tagspace.model.losses",
    "Corpus": "tagspace.corpus",
    "DPNN": "tagspace.model.dpnn",
    "LSI": "tagspace.tags.lsi",
    "Record": "tagspace.runs.records",
    "TagLoss": "tagspace.model.losses",
    "TagMatrix": "tagspace.tags.tagsets",
    "TagspaceError": "tagspace.errors",
    "TripletLoss": "tagspace.model.losses",
    "candidate_pairs": "tagspace.model.mining",
    "embed": "tagspace.encoders.embedding",
    "evaluate": "tagspace.evaluation.retrieval",
    "load_dataset": "tagspace.datasets.registry",
    "log_mel": "tagspace.audio.spectrogram",
    "log_mel_excerpts": "tagspace.audio.reading",
    "mine": "tagspace.model.mining",
    "relatedness_from_tags": "tagspace.tags.relatedness",
    "run_experiment": "tagspace.runs.experiment",
}

__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("tagspace")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagspace' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
