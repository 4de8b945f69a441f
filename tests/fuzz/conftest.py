"""Many damaged files: few and always the same in `make test`, many new ones in `make fuzz`."""

import os
import warnings

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "short",
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "long",
    settings.get_profile("short"),
    max_examples=int(os.environ.get("FUZZ", 40)),
    derandomize=False,
    print_blob=True,
)
settings.load_profile("long" if "FUZZ" in os.environ else "short")


@pytest.fixture(autouse=True)
def _only_our_warnings():
    """Let warnings to the user pass; those of libraries remain errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
