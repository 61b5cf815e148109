# SPDX-License-Identifier: BSD-2-Clause
"""The guest's kernel and first file system, made from Debian's packages.

The kernel package is downloaded and unpacked, never installed. The tools inside
(ipvsadm, ip, nft) are this machine's own, with the shared libraries they name.
What was made is kept in a cache directory under a name that says what went in.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import modules
from .cpio import Archive
from .failure import Failure, Unavailable

KERNEL_METAPACKAGE = "linux-image-amd64"
TOOLS = ("ipvsadm", "ip", "nft")
SEARCH = "/usr/sbin:/sbin:/usr/bin:/bin"


def _run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise Failure(f"{' '.join(command)}: {last}")
    return done.stdout


def kernel_package():
    """The name of the kernel package that Debian's metapackage depends on."""
    if not shutil.which("apt-cache"):
        raise Unavailable("there is no apt-cache here: the guest is made of Debian's packages")
    found = re.search(r"^ *Depends: (linux-image-\S+)$",
                      _run("apt-cache", "depends", KERNEL_METAPACKAGE), re.MULTILINE)
    if not found:
        raise Unavailable(f"apt knows no {KERNEL_METAPACKAGE}: run apt-get update, on Debian 12")
    return found.group(1)


def _download(cache, package):
    """The package's file, fetched once; a file that is there under its name is whole."""
    have = sorted(cache.glob(f"{package}_*.deb"))
    if have:
        return have[-1]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        # apt drops its rights for the download, and then must be able to write there.
        os.chmod(folder, 0o777)
        try:
            _run("apt-get", "download", package, cwd=folder)
        except Failure as failure:
            raise Unavailable(f"{package} cannot be downloaded ({failure})") from failure
        got = sorted(pathlib.Path(folder).glob("*.deb"))
        if len(got) != 1:
            raise Failure(f"apt-get download {package} left {len(got)} packages, expected one")
        return got[0].rename(cache / got[0].name)


def _unpack(cache, package):
    """The directory with the package's kernel and modules."""
    deb = _download(cache, package)
    root = cache / deb.stem
    if root.is_dir():
        return root
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        _run("dpkg-deb", "-x", str(deb), folder + "/root")
        return pathlib.Path(folder, "root").rename(root)


def tool(name):
    """The path of a program of this machine."""
    path = shutil.which(name, path=SEARCH)
    if not path:
        raise Unavailable(f"there is no {name} here (Debian: ipvsadm, iproute2, nftables)")
    return pathlib.Path(path)


def libraries(program):
    """Shared libraries of a program and its loader, by the names it asks for."""
    return [pathlib.Path(path)
            for path in re.findall(r"(?:=> )?(/\S+) \(0x", _run("ldd", str(program)))]


def _key(files):
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:16]


def _contents(root, agent):
    """Pairs of a name in the guest and its bytes, in the order of the archive."""
    ordered = modules.closure(root)
    files = [("init", agent.read_bytes())]
    files += [(f"modules/{path.name}", path.read_bytes()) for path in ordered.values()]
    files.append(("modules/order", "".join(f"{p.name}\n" for p in ordered.values()).encode()))
    needed = {}
    for name in TOOLS:
        program = tool(name)
        files.append((f"bin/{name}", program.read_bytes()))
        needed.update({str(path): path for path in libraries(program)})
    files += [(name.lstrip("/"), path.read_bytes()) for name, path in sorted(needed.items())]
    return files


def _archive(files):
    archive = Archive()
    for folder in ("dev", "proc", "sys", "tmp", "run"):
        archive.directory(folder)
    archive.device("dev/console", 5, 1)
    for name, data in files:
        archive.file(name, data)
    return archive.bytes()


def kernel(cache):
    """The paths of the kernel, and of what its package holds, unpacked unless it is there."""
    cache.mkdir(parents=True, exist_ok=True)
    root = _unpack(cache, kernel_package())
    kernels = sorted(root.glob("boot/vmlinuz-*"))
    if len(kernels) != 1:
        raise Failure(f"{root} holds {len(kernels)} kernels, expected one")
    return kernels[0], root


def make(cache, agent):
    """The paths of the kernel and of the first file system, made unless they are there."""
    cache = pathlib.Path(cache)
    vmlinuz, root = kernel(cache)
    files = _contents(root, pathlib.Path(agent))
    initrd = cache / f"initrd-{_key(files)}"
    if not initrd.exists():
        for old in cache.glob("initrd-*"):
            old.unlink()
        made = initrd.with_suffix(".part")
        made.write_bytes(_archive(files))
        made.rename(initrd)
    return vmlinuz, initrd
