# SPDX-License-Identifier: BSD-2-Clause
"""Connections that control others, templates above all: what their time says, who is theirs."""

import ipaddress

EXPIRY_SECONDS, TEMPLATE_SECONDS, MINUTE = 2, 19, 60
STATES = ("NONE", "ASSURED")


def is_template(name):
    """Whether a connection of this name is one."""
    return name[1].endswith("|0") and name[4] in STATES


def _may_linger(name, left):
    """Whether it may be armed anew for a minute when its time is up, for it controls others."""
    return left <= MINUTE and (is_template(name)
                               or name[2].endswith("|21") and name[4] == "ESTABLISHED")


def tolerance(name, left):
    """By how many seconds two sides may differ.

    What is armed anew when its time is up begins as late as the kernel's timer came, by so many
    seconds at most (pace.py); liblvs' is on time. Minute after minute that adds up, until
    one is ahead by a whole turn: of what may have been armed anew all that counts is that it is there.
    """
    if _may_linger(name, left):
        return MINUTE
    return TEMPLATE_SECONDS if is_template(name) else EXPIRY_SECONDS


def _masks(template, services):
    """Masks of the services that may have made it, as ipvsadm has them in hexadecimal."""
    protocol, _, service = template[:3]
    address = service.rpartition("|")[0]
    for name, found in services.items():
        words = name.split()
        mine = (words[0] == "FWM" if protocol == "IP" else
                words[0] == protocol and words[1].rpartition("|")[0] == address)
        if mine and "mask" in found["line"]:
            yield int(found["line"][found["line"].index("mask") + 1], 16)


def _covers(network, client, mask):
    """Whether a client is of a template's network."""
    network, client = (ipaddress.ip_address(end.rpartition("|")[0]) for end in (network, client))
    if network.version != client.version:
        return False
    if network.version == 6:
        mask = (1 << 128) - (1 << 128 - min(mask, 128))
    return int(network) == int(client) & mask


def _is_lone(template, listing):
    """Whether no connection of a template is left: its own timer and the end of the last one came
    so close together that one side may have given it another minute and the other not."""
    _, client, service, dest = template[:4]
    server = dest.rpartition("|")[0]
    masks = set(_masks(template, listing.services)) or {0}
    return client.endswith("|0") and not any(
        name[3].rpartition("|")[0] == server and not is_template(name)
        and (service.endswith("|0") or name[2] == service)
        and any(_covers(client, name[1], mask) for mask in masks)
        for name, _ in listing.conns)


def may_have_gone(conn, listing):
    """Whether its own timer may have come on the other side when the last that it controls ended.
    `listing` is of the side that has it."""
    name, left = conn
    return _is_lone(name, listing) if is_template(name) else _may_linger(name, left)
