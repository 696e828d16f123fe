"""Addresses that a station listens on, of either kind of IP."""

import socket

__all__ = ["family_of", "in_address"]


def family_of(host: str) -> socket.AddressFamily:
    """Of an address to listen on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def in_address(host: str) -> str:
    """As it stands before a port: an IPv6 host in brackets."""
    return f"[{host}]" if ":" in host else host
