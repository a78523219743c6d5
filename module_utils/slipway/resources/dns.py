"""The values of DNS records: one spelling for what means the same."""

from __future__ import annotations

from ipaddress import IPv6Address

# Types whose value, or the last word of it, is a name.
_NAMES = frozenset({"CNAME", "NS", "PTR", "MX", "SRV"})
_QUOTED = frozenset({"TXT", "SPF"})
# One string of a TXT record holds at most so many characters.
_LONGEST = 255


def value(kind: str, text: str) -> str:
    """A value as it is sent and compared; text that is no valid value is left for AWS to refuse."""
    if kind in _NAMES:
        head, space, name = text.strip().rpartition(" ")
        return f"{head}{space}{name.lower().rstrip('.')}"
    if kind in _QUOTED and not text.startswith('"'):
        return _quoted(text)
    if kind == "AAAA":
        try:
            return str(IPv6Address(text))
        except ValueError:
            return text
    return text


def alias_name(text: str) -> str:
    """The name that an alias stands for; the console adds dualstack., which leads to the same place."""
    return text.lower().rstrip(".").removeprefix("dualstack.")


def _quoted(text: str) -> str:
    escaped = [_escaped(byte) for byte in text.encode()]
    strings = ["".join(escaped[start : start + _LONGEST]) for start in range(0, len(escaped), _LONGEST)]
    return " ".join(f'"{string}"' for string in strings or [""])


def _escaped(byte: int) -> str:
    """Route 53 takes printable ASCII, and the rest by octal number."""
    if chr(byte) in '"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
