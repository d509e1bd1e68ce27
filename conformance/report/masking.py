"""No report holds a secret: tokens are cut wherever they stand."""

import re
from typing import Any

_SECRET = re.compile(r"(nmv_usr_|clm_)[A-Za-z0-9_\-.~+/=]+")


def masked(text: str) -> str:
    return _SECRET.sub(lambda found: found[1] + "***", text)


def masked_all(value: Any) -> Any:
    """A value of JSON without secrets, names of members included."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(str(key)): masked_all(one) for key, one in value.items()}
    return [masked_all(one) for one in value] if isinstance(value, list) else value
