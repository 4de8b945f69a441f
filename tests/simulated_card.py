"""A GPU that is simulated on the processor; it refuses operations that a real one refuses.

Every operation must find its tensors on one device. Each operation that makes the program wait for
the GPU, such as reading a value, is recorded.
"""

import contextlib
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

CARD = torch.device("lazy:0")  # a device type without a backend, and one that autograd accepts
ops = torch.ops.aten
TAKES_A_VALUE = {ops._local_scalar_dense.default, ops.nonzero.default, ops.bincount.default}
# Indices may be on the processor, also in CUDA.
INDEXING = {ops.index.Tensor, ops.index_put.default, ops.index_put_.default, ops.copy_.default}


class OnCard(torch.Tensor):
    """A tensor whose values are in ``inner``, on the processor."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            inner.stride(),
            inner.storage_offset(),
            None,
            inner.dtype,
            device=CARD,
        )

    def __init__(self, inner):
        self.inner = inner

    def tolist(self):
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return compute(operation, args, kwargs or {}, [])


class Simulated(TorchDispatchMode):
    """Computes on the simulated card within the block; ``waits`` lists what it waited for."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return compute(operation, args, kwargs or {}, self.waits)


@contextlib.contextmanager
def simulated_card():
    autocast = torch.autocast

    def on_any_device(device, *rest, **options):
        known = device != CARD.type  # autocast does not know the other; float32 does not need it
        return autocast(device, *rest, **options) if known else contextlib.nullcontext()

    with (
        mock.patch("torch.autocast", on_any_device),
        # The mode holds only in this thread, so reading ahead in another one is turned off.
        mock.patch("tagspace.model.training.map_ahead", map),
        mock.patch("tagspace.encoders.embedding.map_ahead", map),
        Simulated() as card,
    ):
        yield card


def compute(operation, args, kwargs, waits):
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    on_card = [each for each in tensors if isinstance(each, OnCard)]
    others = [each for each in tensors if not isinstance(each, OnCard) and each.ndim]
    is_copy = operation is ops._to_copy.default
    if on_card and others and operation not in INDEXING:
        raise RuntimeError(f"{operation}: tensors on two devices")
    device = kwargs.get("device")
    stays = bool(on_card) if device is None else torch.device(device).type == CARD.type
    if on_card and (operation in TAKES_A_VALUE or (is_copy and not stays)):
        waits.append(str(operation))
    result = operation(*tree_map(_inner, args), **tree_map(_inner, kwargs))
    if not operation._schema.returns:
        return None
    if operation._schema.name.endswith("_"):
        return args[0]
    return tree_map(_wrapped, result) if stays else result


def _inner(value):
    if isinstance(value, OnCard):
        return value.inner
    is_card = isinstance(value, torch.device) and value.type == CARD.type
    return torch.device("cpu") if is_card else value


def _wrapped(value):
    return OnCard(value) if isinstance(value, torch.Tensor) else value
