/* SPDX-License-Identifier: BSD-2-Clause */
/* Both ends of a TCP conversation: so many known bytes up, so many down. */
#ifndef AGENT_TALK_H
#define AGENT_TALK_H

#include <sys/types.h>

/* Starts a server on this port of every address of the caller's namespace; its process. */
pid_t talk_serve(unsigned port);

/* Starts a client; its process ends with 0 when every byte was right. */
pid_t talk_client(const char *address, unsigned port, unsigned up, unsigned down);

#endif
