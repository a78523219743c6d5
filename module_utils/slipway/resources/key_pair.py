"""EC2 key pairs: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportKeyPair.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..engine.compare import Difference
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live

_GONE = frozenset({"InvalidKeyPair.NotFound"})


class KeyPair(Kind):
    """A public key that new instances let in. The private key never leaves the person who has it."""

    name = "key_pair"
    exists = frozenset({"InvalidKeyPair.Duplicate"})
    create_only = frozenset({"public_key"})

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeKeyPairs by name; one that is not there is an error of its own."""
        names = list(wanted)
        found = side_by_side(lambda name: _live(aws, name), names)
        return {name: live for name, live in zip(names, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """The key itself, without the comment behind it."""
        name = options["name"]
        if options.get("state") == "absent":
            return Desired(name, absent=True)
        key = options.get("public_key")
        live = known.live(self.name, name)
        if key is None and live is None:
            raise SlipwayError("a new key pair needs public_key", remedy="give the content of a .pub file")
        # What an emulator does not tell cannot differ.
        compared = key is not None and (live is None or live.fields["public_key"] is not None)
        return Desired(name, {"public_key": _key(key)} if compared and key else {})

    def create(self, desired: Desired) -> Sequence[Call]:
        """ImportKeyPair."""
        params = {"KeyName": desired.name, "PublicKeyMaterial": desired.fields["public_key"].encode()}
        return [Call("ec2", "ImportKeyPair", params, lambda answer: {"id": answer.get("KeyPairId", "")})]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """Its one field is fixed at creation."""
        return []

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteKeyPair; instances keep the key that they were made with."""
        return [Call("ec2", "DeleteKeyPair", {"KeyName": desired.name}, tolerate=_GONE)]


def _live(aws: Aws, name: str) -> Live | None:
    try:
        pairs: list[dict[str, Any]] = aws.call("ec2", "DescribeKeyPairs", KeyNames=[name], IncludePublicKey=True)[
            "KeyPairs"
        ]
    except AwsError as error:
        if error.code in _GONE:
            return None
        raise
    public = pairs[0].get("PublicKey")
    return Live({"public_key": _key(public) if public else None}, {"id": pairs[0].get("KeyPairId", "")})


def _key(text: str) -> str:
    """Type and key; AWS puts the pair's name in the place of the comment."""
    parts = text.split()
    if len(parts) < 2 or not parts[0].startswith(("ssh-", "ecdsa-")):
        raise SlipwayError(
            "public_key is no public key of OpenSSH", remedy="give the content of a .pub file: ssh-ed25519 AAAA..."
        )
    return " ".join(parts[:2])
