/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces under the sockets: down, deleted, and made again as others of the same name. The
 * kernel tells a socket of the first alone.
 */
#ifndef LVS_IO_PACKET_LINK_H
#define LVS_IO_PACKET_LINK_H

#include "io/packet/rx.h"

/* Adds a socket to rx->epoll. 0 or LVS_ERR_IO with the reason logged. */
int lvs_afp_link_watch(const struct lvs_afp_rx *rx, int fd);

/* The socket says that its interface is down. */
void lvs_afp_link_down(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket);

/* Looks whether that of a socket is gone. */
void lvs_afp_link_look(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket);

/* Looks for those that are gone, now and then; nothing that was received may be in use. */
void lvs_afp_link_take_up(struct lvs_afp_rx *rx);

/* Asks the kernel what it has lost since it was last asked. Any thread. */
void lvs_afp_link_losses(const struct lvs_afp_rx *rx);

#endif
