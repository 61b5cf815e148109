# SPDX-License-Identifier: BSD-2-Clause
"""Which kernel modules a guest needs, in the order in which they can be loaded."""

import pathlib
import re

from .failure import Failure

# What the guest is for; what these depend on is found in the modules themselves.
WANTED = (
    # libcrc32c asks the crypto layer for it without saying so.
    "crc32c_generic",
    "virtio_pci",
    "virtio_console",
    "tun",
    "dummy",
    "nf_tables",
    "nft_dup_ipv4",
    "nft_dup_ipv6",
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_fo",
    "ip_vs_ovf",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_dh",
    "ip_vs_sh",
    "ip_vs_mh",
    "ip_vs_sed",
    "ip_vs_nq",
    # The helper's data connections stand on connection tracking.
    "nf_conntrack_sip",
    "ip_vs_pe_sip",
    "nf_conntrack_ftp",
    "nf_nat_ftp",
    "ip_vs_ftp",
    "ipip",
    "ip6_tunnel",
    "sit",
    "ip_gre",
    "ip6_gre",
    "fou",
    "fou6",
)


def _plain(name):
    return name.replace("-", "_")


def _depends(data):
    found = re.search(rb"\0depends=([^\0]*)\0", data)
    return [_plain(name) for name in found.group(1).decode().split(",") if name] if found else []


def closure(root, wanted=WANTED):
    """Paths of the wanted modules below `root` and of what they need, dependencies first."""
    files = {_plain(path.stem): path for path in pathlib.Path(root).rglob("*.ko")}
    ordered = {}

    def visit(name, wanted_by):
        if name in ordered:
            return
        if name not in files:
            raise Failure(f"the kernel package has no module {name}, which {wanted_by} needs")
        for other in _depends(files[name].read_bytes()):
            visit(other, name)
        ordered[name] = files[name]

    for name in wanted:
        visit(name, "the guest")
    return ordered
