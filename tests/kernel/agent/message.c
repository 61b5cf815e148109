/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_MAX = 1 << 13, VERSION = 1 };

void message_begin(struct message *message, uint16_t type, uint16_t flags, const void *header,
		   size_t len)
{
	message->head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_LENGTH((uint32_t)len),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
	};
	memcpy(message->byte + NLMSG_HDRLEN, header, len);
}

void message_init(struct message *message, uint16_t family, uint16_t flags, uint8_t command)
{
	const struct genlmsghdr generic = {.cmd = command, .version = VERSION};

	message_begin(message, family, flags, &generic, sizeof(generic));
}

void message_put(struct message *message, uint16_t type, const void *data, size_t len)
{
	uint8_t *at = message->byte + NLMSG_ALIGN(message->head.nlmsg_len);
	const struct nlattr attr = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};

	memcpy(at, &attr, sizeof(attr));
	memset(at + NLA_HDRLEN, 0, NLA_ALIGN(len));
	if (len)
		memcpy(at + NLA_HDRLEN, data, len);
	message->head.nlmsg_len =
		(uint32_t)(at - message->byte) + NLA_HDRLEN + (uint32_t)NLA_ALIGN(len);
}

void message_put_u8(struct message *message, uint16_t type, uint8_t value)
{
	message_put(message, type, &value, sizeof(value));
}

void message_put_u16(struct message *message, uint16_t type, uint16_t value)
{
	message_put(message, type, &value, sizeof(value));
}

void message_put_u32(struct message *message, uint16_t type, uint32_t value)
{
	message_put(message, type, &value, sizeof(value));
}

void message_put_text(struct message *message, uint16_t type, const char *text)
{
	message_put(message, type, text, strlen(text) + 1);
}

struct nlattr *message_nest(struct message *message, uint16_t type)
{
	uint8_t *at = message->byte + NLMSG_ALIGN(message->head.nlmsg_len);

	message_put(message, type | NLA_F_NESTED, NULL, 0);
	return (void *)at; /* NLMSG_ALIGN() aligned it */
}

void message_end(struct message *message, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(message->byte + message->head.nlmsg_len - (uint8_t *)nest);
}

const struct nlattr *attr_find(const void *first, size_t len, uint16_t type)
{
	const uint8_t *at = first;

	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;
		size_t step = NLA_ALIGN(attr->nla_len);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			return NULL;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

const struct nlattr *attr_inside(const struct nlattr *nest, uint16_t type)
{
	return nest ? attr_find((const uint8_t *)nest + NLA_HDRLEN, nest->nla_len - NLA_HDRLEN,
				type)
		    : NULL;
}

void attr_copy(const struct nlattr *attr, void *data, size_t size)
{
	size_t len;

	memset(data, 0, size);
	if (!attr)
		return;
	len = attr->nla_len - (size_t)NLA_HDRLEN;
	memcpy(data, (const uint8_t *)attr + NLA_HDRLEN, len < size ? len : size);
}

uint64_t attr_number(const struct nlattr *attr)
{
	uint64_t value;

	attr_copy(attr, &value, sizeof(value)); /* the guest is little-endian */
	return value;
}

/* NLMSG_DATA() of what is only read. */
static const uint8_t *data_of(const struct nlmsghdr *head)
{
	return (const uint8_t *)head + NLMSG_HDRLEN;
}

/* NLMSG_NEXT() of the same. */
static const struct nlmsghdr *next_of(const struct nlmsghdr *head, unsigned *len)
{
	unsigned step = NLMSG_ALIGN(head->nlmsg_len);

	*len = step < *len ? *len - step : 0;
	return (const void *)((const uint8_t *)head + step);
}

/* One answer; whether more will come. */
static bool hear(const struct nlmsghdr *head, int *err,
		 void (*take)(void *user, const void *attrs, size_t len), void *user)
{
	const struct nlmsgerr *answer = (const void *)data_of(head);

	if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
		*err = head->nlmsg_type == NLMSG_ERROR ? -answer->error : 0;
		return false;
	}
	if (take)
		take(user, data_of(head) + GENL_HDRLEN,
		     head->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	return true;
}

int message_ask(int socket, struct message *message,
		void (*take)(void *user, const void *attrs, size_t len), void *user)
{
	static _Alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
	ssize_t got;
	int err = EIO;

	message->head.nlmsg_flags |= NLM_F_ACK;
	if (send(socket, message, message->head.nlmsg_len, 0) < 0)
		return errno;
	while ((got = recv(socket, answer, sizeof(answer), 0)) > 0) {
		unsigned len = (unsigned)got;
		const struct nlmsghdr *head = (const void *)answer;

		for (; NLMSG_OK(head, len); head = next_of(head, &len))
			if (!hear(head, &err, take, user))
				return err;
	}
	return errno;
}

int message_socket(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

static void take_family(void *user, const void *attrs, size_t len)
{
	*(uint16_t *)user = (uint16_t)attr_number(attr_find(attrs, len, CTRL_ATTR_FAMILY_ID));
}

uint16_t message_family(int socket, const char *name)
{
	struct message message;
	uint16_t family = 0;

	message_init(&message, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	message_put_text(&message, CTRL_ATTR_FAMILY_NAME, name);
	message_ask(socket, &message, take_family, &family);
	return family;
}
