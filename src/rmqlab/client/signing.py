"""What signs the requests of a Java client, for brokers that ask who somebody is."""

from __future__ import annotations

from typing import Any

import jpype

from rmqlab.client.java import java_class

_ACL = "org.apache.rocketmq.acl.common."


def signing_hook(credentials: tuple[str, str] | None) -> Any:
    """Return the RPCHook that signs with an access key and a secret key; Java's null without them."""
    if credentials is None:
        return jpype.JObject(None, java_class("org.apache.rocketmq.remoting.RPCHook"))
    return java_class(_ACL + "AclClientRPCHook")(java_class(_ACL + "SessionCredentials")(*credentials))
