# SPDX-License-Identifier: BSD-2-Clause
"""What the two ends of a connection say to each other, packet by packet: good lives and odd ones.

Each entry is a side ("c" the client, "s" the server) and flags (TCP) or chunk types (SCTP).
"""

from .wire import ACK, FIN, PSH, RST, SYN

TCP_LIVES = (
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("s", ACK), ("s", PSH | ACK),
     ("c", ACK), ("c", FIN | ACK), ("s", FIN | ACK), ("c", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("s", PSH | ACK),
     ("s", FIN | ACK), ("c", ACK), ("c", FIN | ACK), ("s", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("c", RST)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("s", RST | ACK), ("c", ACK)),
    (("c", SYN), ("s", RST | ACK)),
    (("c", SYN), ("c", SYN), ("c", SYN), ("s", SYN | ACK), ("c", ACK)),
    (("c", SYN), ("c", RST)),
    (("c", ACK), ("c", PSH | ACK)),
    (("c", FIN | ACK),),
    (("c", RST),),
    (("c", SYN | ACK), ("c", ACK)),
    (("c", 0), ("c", SYN | FIN)),
    (("c", SYN), ("c", 0), ("c", SYN)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", FIN | ACK), ("s", FIN | ACK), ("c", ACK),
     ("c", SYN), ("s", SYN | ACK), ("c", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("s", FIN | ACK), ("c", FIN | ACK), ("s", ACK),
     ("c", SYN), ("s", SYN | ACK), ("c", RST), ("c", SYN)),
)
TCP_PARTS = (SYN, ACK, PSH | ACK, FIN | ACK, RST, RST | ACK, SYN | ACK, 0)

(DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR,
 COOKIE_ECHO, COOKIE_ACK, ECNE, CWR, COMPLETE) = range(15)
OPENING = (("c", (INIT,)), ("s", (INIT_ACK,)), ("c", (COOKIE_ECHO, DATA)), ("s", (COOKIE_ACK,)))
SCTP_LIVES = (
    OPENING + (("c", (DATA,)), ("s", (SACK,)), ("c", (SHUTDOWN,)), ("s", (SHUTDOWN_ACK,)),
               ("c", (COMPLETE,))),
    OPENING + (("s", (DATA,)), ("c", (SACK,)), ("s", (SHUTDOWN,)), ("c", (SHUTDOWN_ACK,)),
               ("s", (COMPLETE,)), ("c", (INIT,)), ("s", (INIT_ACK,))),
    OPENING + (("c", (HEARTBEAT,)), ("s", (HEARTBEAT_ACK,)), ("c", (ABORT,)), ("c", (INIT,))),
    (("c", (INIT,)), ("c", (INIT,)), ("s", (ABORT,))),
    (("c", (INIT,)), ("s", (INIT_ACK,)), ("c", (COOKIE_ECHO, ABORT))),
    (("c", (DATA,)), ("c", (COOKIE_ECHO,))),
    (("c", (ABORT,)),),
    (("c", ()), ("c", (INIT,))),
    OPENING + (("c", (SHUTDOWN,)), ("s", (SHUTDOWN_ACK,)), ("c", (SHUTDOWN_ACK,)),
               ("s", (COMPLETE,)), ("c", (COMPLETE,))),
    # Both call each other, or one speaks the other's part.
    (("c", (INIT,)), ("s", (INIT,)), ("c", (INIT_ACK,)), ("s", (COOKIE_ECHO,)),
     ("c", (COOKIE_ACK,)), ("s", (DATA,)), ("c", (ERROR,)), ("s", (COMPLETE,))),
    (("c", (INIT,)), ("s", (COOKIE_ECHO,)), ("c", (COOKIE_ACK,)), ("s", (DATA,)),
     ("s", (ERROR,)), ("c", (SHUTDOWN,)), ("s", (COMPLETE,))),
    (("c", (INIT,)), ("s", (ERROR,)), ("s", (INIT,)), ("s", (DATA,))),
    (("c", (COOKIE_ACK,)), ("c", (DATA,)), ("c", (ERROR,))),
    (("c", (ERROR,)), ("c", (COOKIE_ACK,)), ("c", (DATA,))),
)
SCTP_PARTS = tuple((kind,) for kind in range(15)) + (
    (COOKIE_ECHO, ABORT), (COOKIE_ACK, ABORT), (COOKIE_ACK, DATA), (64,), (INIT,), (COOKIE_ECHO,))


def life(rng, lives, parts):
    """One of these, or one that nobody would live: it gets around in the tables of states."""
    if rng.random() < 0.75:
        return list(rng.choice(lives))
    first = rng.choice(lives)[0]
    return [first] + [(rng.choice("cs"), rng.choice(parts)) for _ in range(rng.randrange(2, 14))]
