"""Roles, each of which may do what the ones before it may."""

from enum import StrEnum

__all__ = ["Role"]


class Role(StrEnum):
    """What a person may do."""

    OPERATOR = "operator"  # sees everything
    INSPECTOR = "inspector"  # labels parts
    ENGINEER = "engineer"  # recipes, samples, stations, training, promotion
    ADMIN = "admin"  # people and the audit log

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
