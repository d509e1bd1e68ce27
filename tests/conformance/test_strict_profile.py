"""The reference client depends on nothing that the documents leave open."""

import subprocess
import sys
from pathlib import Path


def test_reference_client_under_seeds_of_the_strict_profile():
    """A whole conversation under each of 25 seeds; `make certify` takes 1,000."""
    done = subprocess.run([sys.executable, Path(__file__).with_name("strict_seeds.py"), "25"], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "25 seeds of the strict profile, nothing wrong\n")
