"""Three-valued logic: True, False, None = not known."""

Truth = bool | None


def all_of(*values: Truth) -> Truth:
    """False as soon as one is false; else None if one is not known."""
    if any(v is False for v in values):
        return False
    return None if any(v is None for v in values) else True


def any_of(*values: Truth) -> Truth:
    """True as soon as one is true; else None if one is not known."""
    if any(v is True for v in values):
        return True
    return None if any(v is None for v in values) else False


def negate(value: Truth) -> Truth:
    return None if value is None else not value
