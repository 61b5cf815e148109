# SPDX-License-Identifier: BSD-2-Clause
"""Where the director of every scenario stands.

    clients 192.0.2.101..104          c0 +----------+ s0      servers 10.1.0.11..14
    ------------------------------------ | director | -------------------------------
    198.51.100.0/24 behind 192.0.2.254   +----------+   10.9.0.0/24 behind 10.1.0.254, MTU 1400
                                       VIPs 203.0.113.10, .11, .12

and the same with IPv6. Packets to VIP .12 bear mark 3; those to 203.0.113.32/29 and .40/29 bear
1 and 2, and the host takes them though they are no addresses of its own.
"""

import ipaddress

from .wire import mac

CLIENT_SIDE = mac("02:fe:00:00:00:01")
SERVER_SIDE = mac("02:fe:00:00:00:02")


def _addresses(*texts):
    return [ipaddress.ip_address(text) for text in texts]


VIPS = {4: _addresses("203.0.113.10", "203.0.113.11"),
        6: _addresses("2001:db8:f::10", "2001:db8:f::11")}
MARKED = {4: {1: _addresses("203.0.113.33", "203.0.113.34"), 2: _addresses("203.0.113.41"),
              3: _addresses("203.0.113.12")},
          6: {1: _addresses("2001:db8:f:1::33", "2001:db8:f:1::34"),
              2: _addresses("2001:db8:f:2::41"), 3: _addresses("2001:db8:f::12")}}
LOCAL = {4: _addresses("10.1.0.1", "203.0.113.11"),
         6: _addresses("2001:db8:1::1", "2001:db8:f::11")}
CLIENTS = {4: _addresses("192.0.2.101", "192.0.2.102", "192.0.2.103", "198.51.100.7",
                         "198.51.100.8"),
           6: _addresses("2001:db8:2::101", "2001:db8:2::102", "2001:db8:c::7", "2001:db8:c::8")}
SERVERS = {4: _addresses("10.1.0.11", "10.1.0.12", "10.1.0.13", "10.9.0.11", "10.9.0.12"),
           6: _addresses("2001:db8:1::11", "2001:db8:1::12", "2001:db8:1::13", "2001:db8:9::11",
                         "2001:db8:9::12")}
CLIENT_GATEWAY = {4: "192.0.2.254", 6: "2001:db8:2::fe"}
SERVER_GATEWAY = {4: "10.1.0.254", 6: "2001:db8:1::fe"}

_LINES = """\
addr c0 192.0.2.1/24
addr c0 203.0.113.10/32
addr c0 203.0.113.11/32
addr c0 203.0.113.12/32
addr s0 10.1.0.1/16
addr c0 2001:db8:2::1/64
addr c0 2001:db8:f::10/128
addr c0 2001:db8:f::11/128
addr c0 2001:db8:f::12/128
addr s0 2001:db8:1::1/64
route 198.51.100.0/24 192.0.2.254 c0 1500
route 10.9.0.0/24 10.1.0.254 s0 1400
route 2001:db8:c::/64 2001:db8:2::fe c0 1500
route 2001:db8:9::/64 2001:db8:1::fe s0 1400
route 203.0.113.32/28 10.1.0.254 s0 1500
route 2001:db8:f:1::/64 2001:db8:1::fe s0 1500
route 2001:db8:f:2::/64 2001:db8:1::fe s0 1500
mark 203.0.113.32/29 1
mark 203.0.113.40/29 2
mark 203.0.113.12/32 3
mark 2001:db8:f:1::/64 1
mark 2001:db8:f:2::/64 2
mark 2001:db8:f::12/128 3
"""
_ON_LINK = {"c0": ("192.0.2.0/24", "2001:db8:2::/64"), "s0": ("10.1.0.0/16", "2001:db8:1::/64")}


DIRECTOR = _addresses("192.0.2.1", "10.1.0.1", "2001:db8:2::1", "2001:db8:1::1")


def own(version):
    """Addresses that services have and the host takes for its own."""
    return [*VIPS[version], *MARKED[version][3]]


def address(text):
    """An address by its text."""
    return ipaddress.ip_address(text)


def station(owner):
    """The link-layer address of who has this address on the director's links."""
    return mac("02:04" if owner.version == 4 else "02:06") + owner.packed[-4:]


def _neighbours():
    everybody = [a for pool in (CLIENTS, SERVERS) for version in (4, 6) for a in pool[version]]
    everybody += [ipaddress.ip_address(a) for pool in (CLIENT_GATEWAY, SERVER_GATEWAY)
                  for a in pool.values()]
    for address in everybody:
        for interface, nets in _ON_LINK.items():
            if any(address in ipaddress.ip_network(net) for net in nets):
                yield f"neigh {interface} {address} {station(address).hex(':')}\n"


def lines():
    """The scenario's head."""
    return _LINES + "".join(_neighbours())


def next_hop(address, interface):
    """Who on the link sends for this address."""
    if any(address in ipaddress.ip_network(net) for net in _ON_LINK[interface]):
        return address
    gateways = CLIENT_GATEWAY if interface == "c0" else SERVER_GATEWAY
    return ipaddress.ip_address(gateways[address.version])
