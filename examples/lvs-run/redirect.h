/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which sockets of the program lead to lvsd. A generic-netlink socket is the kernel's until it
 * asks for the family IPVS; then a connection to lvsd takes its number.
 */
#ifndef LVS_RUN_REDIRECT_H
#define LVS_RUN_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* The socket's path: what lvs-run was told, or lvsd's own. */
const char *redirect_path(void);

/* Connects to lvsd. Returns a descriptor, or -1 with errno set. */
int redirect_connect(void);

/* Whether the descriptor leads to lvsd. */
bool redirect_is(int fd);

/* Looks at what is about to be sent; what asks for IPVS leads to lvsd from now on. Returns
 * whether the descriptor does; -1 with errno set where lvsd is not there. */
int redirect_look(int fd, const struct iovec *iov, size_t iov_n);

/* Once more, lvsd having gone meanwhile. Returns 0, or -1 with errno set. */
int redirect_again(int fd);

/* The descriptor is closed, or becomes another. */
void redirect_forget(int fd);

/* The netlink address that it had, as getsockname() tells it. */
uint32_t redirect_port(int fd);

#endif
