"""Who may talk to a cluster: its credentials, and what they make of brokers' and proxies' configuration.

Pure. RocketMQ's module `auth` does the work (AuthConfig); NameServers let everybody in.
"""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple

_LOCAL = "org.apache.rocketmq.auth.{0}.provider.Local{1}MetadataProvider"
_PROXY = "org.apache.rocketmq.proxy.auth.Proxy{0}MetadataProvider"
_USER = "rmqlab"


class Credentials(NamedTuple):
    """What clients sign with: access key and secret key, as `set_session_credentials` takes them."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        """Keep the secret out of notebooks and logs."""
        return f"Credentials({self.access_key!r}, ...)"


def new_credentials() -> Credentials:
    """Return credentials that nobody has."""
    return Credentials(_USER, secrets.token_hex(12))


def _inner_client(credentials: Credentials) -> str:
    return json.dumps(
        {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}, separators=(",", ":")
    )


def broker_properties(credentials: Credentials) -> dict[str, str]:
    """Return the properties of a broker that lets in whoever has these credentials, with every right.

    The brokers sign what they ask each other, slaves of their masters, with the same.
    """
    user = {"username": credentials.access_key, "password": credentials.secret_key}
    return {
        "authenticationEnabled": "true",
        "authenticationMetadataProvider": _LOCAL.format("authentication", "Authentication"),
        # more users, and what each may do: mqadmin createUser, createAcl
        "authorizationEnabled": "true",
        "authorizationMetadataProvider": _LOCAL.format("authorization", "Authorization"),
        "initAuthenticationUser": json.dumps(user, separators=(",", ":")),
        "innerClientAuthenticationCredentials": _inner_client(credentials),
    }


def proxy_properties(credentials: Credentials) -> dict[str, object]:
    """Return what a proxy in a process of its own needs: it asks the brokers who somebody is."""
    return {
        "authenticationEnabled": True,
        "authenticationMetadataProvider": _PROXY.format("Authentication"),
        "authorizationEnabled": True,
        "authorizationMetadataProvider": _PROXY.format("Authorization"),
        "enableAclRpcHookForClusterMode": True,
        "innerClientAuthenticationCredentials": _inner_client(credentials),
    }
