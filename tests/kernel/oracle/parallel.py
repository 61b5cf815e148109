# SPDX-License-Identifier: BSD-2-Clause
"""Batches of scenarios over several guests: each takes the next batch when it is free."""

import collections
import concurrent.futures
import threading


class _Share:
    """What the guests have in common."""

    def __init__(self, batches, progress):
        self._batches = collections.deque(batches)
        self._progress = progress
        self._done = collections.Counter()
        self._lock = threading.Lock()
        self.failed = False

    def next(self):
        """The next batch, or None."""
        with self._lock:
            return self._batches.popleft() if self._batches and not self.failed else None

    def tell(self, guest, done):
        """A guest has done so many steps in all."""
        with self._lock:
            self._done[guest] = done
            self._progress.at(self._done.total())


def _work(guest, judge, share):
    found, done = [], 0
    try:
        while batch := share.next():
            differences = judge.differences(batch, lambda n, done=done: share.tell(guest, done + n))
            found += zip(batch, differences)
            done += sum(len(scenario.steps) for scenario in batch)
    except BaseException:
        share.failed = True  # no further batch for the others
        raise
    return found


def in_parallel(judges, batches, progress):
    """Pairs of a scenario and its differences, in any order."""
    share = _Share(batches, progress)
    with concurrent.futures.ThreadPoolExecutor(len(judges)) as pool:
        futures = [pool.submit(_work, n, judge, share) for n, judge in enumerate(judges)]
        return [one for future in futures for one in future.result()]
