/* SPDX-License-Identifier: BSD-2-Clause */
/* Netlink messages: attributes put in, found, and what the kernel answers. */
#ifndef AGENT_MESSAGE_H
#define AGENT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

enum { MESSAGE_MAX = 1024 };

struct message {
	union {
		struct nlmsghdr head;
		uint8_t byte[MESSAGE_MAX];
	};
};

/* Begins one of this type, with the header of its protocol. */
void message_begin(struct message *message, uint16_t type, uint16_t flags, const void *header,
		   size_t len);

/* Begins one of the generic netlink family `family` with this command. */
void message_init(struct message *message, uint16_t family, uint16_t flags, uint8_t command);

void message_put(struct message *message, uint16_t type, const void *data, size_t len);
void message_put_u8(struct message *message, uint16_t type, uint8_t value);
void message_put_u16(struct message *message, uint16_t type, uint16_t value);
void message_put_u32(struct message *message, uint16_t type, uint32_t value);
void message_put_text(struct message *message, uint16_t type, const char *text);

/* Attributes put between the two are inside of it. */
struct nlattr *message_nest(struct message *message, uint16_t type);
void message_end(struct message *message, struct nlattr *nest);

/* One attribute among those in `len` bytes; NULL when it is not there. */
const struct nlattr *attr_find(const void *first, size_t len, uint16_t type);
/* Inside one; none is inside NULL. */
const struct nlattr *attr_inside(const struct nlattr *nest, uint16_t type);
/* Up to `size` bytes of what it holds, the rest zero. */
void attr_copy(const struct nlattr *attr, void *data, size_t size);
uint64_t attr_number(const struct nlattr *attr);

/*
 * Sends it and hears the answers; each but the acknowledgement goes to `take` (or NULL) with its
 * attributes. Returns 0 or the kernel's errno.
 */
int message_ask(int socket, struct message *message,
		void (*take)(void *user, const void *attrs, size_t len), void *user);

/* A netlink socket of a protocol in the caller's namespace, or -1. */
int message_socket(int protocol);

/* The number of a generic netlink family, 0 when there is none. */
uint16_t message_family(int socket, const char *name);

#endif
