# SPDX-License-Identifier: BSD-2-Clause
"""A real kernel in an emulator, and liblvs beside it, given the same steps."""
