"""Devices, and seeds that leave the global generator alone."""

from types import SimpleNamespace

import pytest
import torch

from tagspace.errors import TagspaceError
from tagspace.support.device import (
    choose_device,
    choose_precision,
    describe_device,
    seeded,
    supports_fast_bfloat16,
)

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")


def test_a_missing_device_is_refused_in_one_line():
    with pytest.raises(TagspaceError, match=r"^device: this machine has no 'cuda:99'; .*auto.*$"):
        choose_device("cuda:99")


def test_the_cpu_can_be_chosen():
    assert choose_device("cpu") == CPU


@pytest.fixture
def kernels():
    """Undo what is asked of kernels."""
    allowed = torch.backends.cudnn.allow_tf32
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.allow_tf32 = allowed


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(("has_gpu", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_chooses_the_gpu_if_the_machine_has_one(monkeypatch, has_gpu, expected):
    def empty(_size, device):
        """Make a tensor on any device, whether this machine has it or not."""
        return SimpleNamespace(device=torch.device(device))

    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    monkeypatch.setattr(torch, "empty", empty)
    assert choose_device("auto").type == expected
    assert torch.are_deterministic_algorithms_enabled() is has_gpu
    assert torch.backends.cudnn.allow_tf32 is not has_gpu


def test_a_cpu_is_described_by_its_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert describe_device(CPU) == "cpu: 3 threads"


@pytest.mark.usefixtures("kernels")
def test_a_gpu_is_described_by_its_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU number {device.index}")
    assert describe_device(GPU) == "cuda:0: GPU number 0"
    torch.use_deterministic_algorithms(True)
    assert describe_device(GPU) == "cuda:0: GPU number 0, deterministic"


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({}, False),  # an ARM processor
        ({"avx2": True, "amx_bf16": False, "avx512_bf16": False}, False),
        ({"amx_bf16": True}, True),
        ({"amx_bf16": False, "avx512_bf16": True}, True),
    ],
)
def test_a_processor_computes_in_bfloat16_only_if_it_has_the_instructions(
    monkeypatch, capabilities, expected
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert supports_fast_bfloat16(CPU) is expected


def test_a_processor_computes_in_float32_where_torch_does_not_know_it(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)  # older releases lack it
    assert supports_fast_bfloat16(CPU) is False


@pytest.mark.parametrize("supported", [True, False])
def test_a_gpu_computes_in_bfloat16_if_it_supports_it(monkeypatch, supported):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    assert supports_fast_bfloat16(GPU) is supported


def test_precision_follows_the_device_unless_it_is_named(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert choose_precision("auto", CPU) == torch.bfloat16
    assert choose_precision("float32", CPU) == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    assert choose_precision("auto", CPU) == torch.float32
    assert choose_precision("bfloat16", CPU) == torch.bfloat16


def test_other_devices_do_not_compute_in_bfloat16(monkeypatch):
    capabilities = {"avx512_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert supports_fast_bfloat16(torch.device("mps")) is False


def test_draws_inside_a_seeded_block_follow_from_its_seed():
    draws = []
    for seed in (0, 0, 1):
        with seeded(seed):
            draws.append(torch.rand(4))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_a_seeded_block_restores_the_global_generator():
    before = torch.get_rng_state()
    with seeded(0):
        torch.rand(4)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seeded_block_restores_the_global_generator_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), seeded(0):
        _ = 1 / 0
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seeded_block_does_not_seed_a_gpu(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    with seeded(7):
        torch.rand(4)
    assert seeds == []
