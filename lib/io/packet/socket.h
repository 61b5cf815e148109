/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVS_IO_PACKET_SOCKET_H
#define LVS_IO_PACKET_SOCKET_H

#include "io/packet/rx.h"

/* Opens a socket that receives all that comes in at the interface of the name in @socket. */
int lvs_afp_socket_open(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf);

#endif
