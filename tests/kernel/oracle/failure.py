# SPDX-License-Identifier: BSD-2-Clause
"""What went wrong outside of what is compared: said in a sentence, never a traceback."""


class Failure(Exception):
    """The run cannot go on."""


class Unavailable(Failure):
    """The run cannot even begin here: something is missing on this machine."""
