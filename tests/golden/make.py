#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes each case's rules, paths and in.pcap. cases.py says what comes, and what should become of it."""
import pathlib

import cases
import wire

HERE = pathlib.Path(__file__).parent


def files(case):
    """{name: contents} of a case."""
    out = {"rules": case.rules.encode(),
           "in.pcap": wire.pcap_bytes([(p.time, p.data, p.wire) for p in case.packets], case.linktype)}
    if case.paths:
        out["paths"] = case.paths.encode()
    if case.helpers:
        out["helpers"] = case.helpers.encode()
    return out


def main():
    for case in cases.CASES:
        folder = HERE / case.name
        folder.mkdir(exist_ok=True)
        for name, contents in files(case).items():
            (folder / name).write_bytes(contents)


if __name__ == "__main__":
    main()
