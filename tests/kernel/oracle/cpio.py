# SPDX-License-Identifier: BSD-2-Clause
"""Archives in the "newc" format that the kernel unpacks as its first file system."""

DIRECTORY = 0o040755
PROGRAM = 0o100755
DEVICE = 0o020600


class Archive:
    """Files in order; bytes() gives the archive, the same for the same calls."""

    def __init__(self):
        self._parts = []
        self._inode = 0
        self._made = {""}

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self._parts += [header, bytes(-len(header) % 4), data, bytes(-len(data) % 4)]

    def directory(self, name):
        """Makes it, and those above it, once."""
        if name in self._made:
            return
        self.directory(name.rpartition("/")[0])
        self._made.add(name)
        self._entry(name, DIRECTORY)

    def file(self, name, data):
        """A file that may be run."""
        self.directory(name.rpartition("/")[0])
        self._entry(name, PROGRAM, data)

    def device(self, name, major, minor):
        """A character device."""
        self.directory(name.rpartition("/")[0])
        self._entry(name, DEVICE, device=(major, minor))

    def bytes(self):
        """The whole archive. Nothing may be added behind it."""
        self._entry("TRAILER!!!", 0)
        return b"".join(self._parts)
