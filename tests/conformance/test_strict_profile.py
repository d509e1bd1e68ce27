"""The reference client depends on nothing that the documents leave open."""

from tests.conformance.strict_seeds import run


def test_reference_client_under_seeds_of_the_strict_profile():
    """A whole conversation under each of 25 seeds; `make certify` takes 1,000."""
    assert run(range(25)) == []
