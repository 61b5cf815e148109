/* SPDX-License-Identifier: BSD-2-Clause */
/* The batch, and its messages. */
#include "io/host/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <liblvs/error.h>

/* The longest message: a block of elements of the longest key, with their headers. */
#define MESSAGE_ROOM 65536
#define ELEMENTS_A_MESSAGE 500

/* Room for a message behind the last, or NULL. */
static uint8_t *reserve(struct lvs_nft_batch *batch)
{
	size_t room = batch->room ? batch->room : MESSAGE_ROOM;
	uint8_t *data;

	while (room < batch->len + MESSAGE_ROOM)
		room *= 2;
	if (room != batch->room && !batch->failed) {
		data = realloc(batch->data, room);
		batch->failed = data == NULL;
		if (data != NULL) {
			batch->data = data;
			batch->room = room;
		}
	}
	return batch->failed ? NULL : batch->data + batch->len;
}

static struct nlmsghdr *message_begin(struct lvs_nft_batch *batch, uint16_t type, uint16_t flags,
				      uint8_t family, uint16_t resource)
{
	uint8_t *at = reserve(batch);
	struct nlmsghdr *message;
	struct nfgenmsg *body;

	if (at == NULL)
		return NULL;
	message = mnl_nlmsg_put_header(at);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = batch->seq++;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = family;
	body->version = NFNETLINK_V0;
	body->res_id = htons(resource);
	return message;
}

static void message_end(struct lvs_nft_batch *batch, const struct nlmsghdr *message)
{
	batch->len += MNL_ALIGN(message->nlmsg_len);
}

static struct nlmsghdr *table_message(struct lvs_nft_batch *batch, uint16_t type, uint16_t flags,
				      uint16_t table_attr)
{
	struct nlmsghdr *message = message_begin(
		batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, NFPROTO_NETDEV, 0);

	if (message != NULL)
		mnl_attr_put_strz(message, table_attr, batch->table);
	return message;
}

void lvs_nft_begin(struct lvs_nft_batch *batch, const char *table)
{
	struct nlmsghdr *message;

	memset(batch, 0, sizeof(*batch));
	batch->table = table;
	batch->seq = 1;
	message = message_begin(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (message != NULL)
		message_end(batch, message);
}

void lvs_nft_fini(struct lvs_nft_batch *batch)
{
	free(batch->data);
	memset(batch, 0, sizeof(*batch));
}

static int answer_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return 0;
	return lvs_netlink_error(-error->error);
}

/* The answers lie in the queue when sending returns; without an error the batch was taken. */
static int read_answers(struct lvs_netlink *nl)
{
	uint8_t buffer[LVS_NETLINK_BUFFER];
	int fd = mnl_socket_get_fd(nl->socket);
	int err = 0;

	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		int len = (int)got;
		const struct nlmsghdr *message = (const void *)buffer;

		if (got < 0 && errno != EAGAIN)
			return lvs_netlink_error(errno);
		if (got <= 0)
			return err;
		for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len))
			if (err == 0)
				err = answer_error(message);
	}
}

static int send_batch(const struct lvs_nft_batch *batch, struct lvs_netlink *nl)
{
	int fd = mnl_socket_get_fd(nl->socket);
	int size = (int)(batch->len * 2); /* the kernel counts its overhead, too */

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (mnl_socket_sendto(nl->socket, batch->data, batch->len) < 0)
		return lvs_netlink_error(errno);
	return read_answers(nl);
}

int lvs_nft_commit(struct lvs_nft_batch *batch, struct lvs_netlink *nl)
{
	struct nlmsghdr *message =
		message_begin(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	int err = LVS_ERR_NO_MEMORY;

	if (message != NULL) {
		message_end(batch, message);
		err = send_batch(batch, nl);
	}
	lvs_nft_fini(batch);
	return err;
}

int lvs_nft_find_table(struct lvs_netlink *nl, const char *table)
{
	uint8_t buffer[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;

	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = NFPROTO_NETDEV;
	body->version = NFNETLINK_V0;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	return lvs_netlink_ask(nl, message, NULL, NULL);
}

void lvs_nft_add_table(struct lvs_nft_batch *batch)
{
	struct nlmsghdr *message =
		table_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFTA_TABLE_NAME);

	if (message != NULL)
		message_end(batch, message);
}

void lvs_nft_del_table(struct lvs_nft_batch *batch)
{
	struct nlmsghdr *message = table_message(batch, NFT_MSG_DELTABLE, 0, NFTA_TABLE_NAME);

	if (message != NULL)
		message_end(batch, message);
}

static struct nlmsghdr *set_begin(struct lvs_nft_batch *batch, const char *name, uint32_t id,
				  uint32_t key_type, uint32_t key_len)
{
	struct nlmsghdr *message =
		table_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE, NFTA_SET_TABLE);

	if (message == NULL)
		return NULL;
	mnl_attr_put_strz(message, NFTA_SET_NAME, name);
	mnl_attr_put_u32(message, NFTA_SET_FLAGS, 0);
	mnl_attr_put_u32(message, NFTA_SET_KEY_TYPE, htonl(key_type));
	mnl_attr_put_u32(message, NFTA_SET_KEY_LEN, htonl(key_len));
	mnl_attr_put_u32(message, NFTA_SET_ID, htonl(id));
	return message;
}

void lvs_nft_add_set(struct lvs_nft_batch *batch, const char *name, uint32_t id, uint32_t key_type,
		     uint32_t key_len)
{
	struct nlmsghdr *message = set_begin(batch, name, id, key_type, key_len);

	if (message != NULL)
		message_end(batch, message);
}

/* One of nft(8)'s notes: type, length, a number of the host's byte order. Returns its end. */
static uint8_t *put_note(uint8_t *at, uint8_t type, uint32_t value)
{
	at[0] = type;
	at[1] = sizeof(value);
	memcpy(at + 2, &value, sizeof(value));
	return at + 2 + sizeof(value);
}

void lvs_nft_add_payload_set(struct lvs_nft_batch *batch, const char *name, uint32_t id,
			     uint32_t offset, uint32_t key_len)
{
	enum { NOTE = 6, TYPE_INTEGER = 4, BIG_ENDIAN_KEY = 2, EXPR_PAYLOAD = 7, BASE_TH = 3 };
	struct nlmsghdr *message = set_begin(batch, name, id, TYPE_INTEGER, key_len);
	uint8_t note[8 * NOTE - 2];
	uint8_t *at;

	if (message == NULL)
		return;
	/* The set's own note (libnftnl's udata): "typeof @th,offset,len", in bits. */
	at = put_note(note, 0, BIG_ENDIAN_KEY);
	*at++ = 3;
	*at++ = 6 * NOTE + 2;
	at = put_note(at, 0, EXPR_PAYLOAD);
	*at++ = 1;
	*at++ = 5 * NOTE;
	at = put_note(at, 0, 0);
	at = put_note(at, 1, 0);
	at = put_note(at, 2, BASE_TH);
	at = put_note(at, 3, offset * 8);
	at = put_note(at, 4, key_len * 8);
	mnl_attr_put(message, NFTA_SET_USERDATA, (size_t)(at - note), note);
	message_end(batch, message);
}

static void put_element(struct nlmsghdr *message, const uint8_t *key, unsigned key_len)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	struct nlattr *data = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, key_len, key);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, element);
}

static void put_elements(struct lvs_nft_batch *batch, bool add, const char *set,
			 const uint8_t *keys, unsigned n, unsigned key_len)
{
	struct nlmsghdr *message =
		table_message(batch, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
			      add ? NLM_F_CREATE : 0, NFTA_SET_ELEM_LIST_TABLE);
	struct nlattr *list;

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (unsigned i = 0; i < n; i++)
		put_element(message, keys + (size_t)i * key_len, key_len);
	mnl_attr_nest_end(message, list);
	message_end(batch, message);
}

void lvs_nft_elements(struct lvs_nft_batch *batch, bool add, const char *set, const uint8_t *keys,
		      unsigned n, unsigned key_len)
{
	while (n > 0) {
		unsigned part = n < ELEMENTS_A_MESSAGE ? n : ELEMENTS_A_MESSAGE;

		put_elements(batch, add, set, keys, part, key_len);
		keys += (size_t)part * key_len;
		n -= part;
	}
}

void lvs_nft_add_chain(struct lvs_nft_batch *batch, const char *name)
{
	struct nlmsghdr *message =
		table_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFTA_CHAIN_TABLE);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
	message_end(batch, message);
}

void lvs_nft_add_ingress(struct lvs_nft_batch *batch, const char *name, const char *device,
			 int priority)
{
	struct nlmsghdr *message =
		table_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFTA_CHAIN_TABLE);
	struct nlattr *hook;

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
	hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(message, NFTA_HOOK_HOOKNUM, htonl(NF_NETDEV_INGRESS));
	mnl_attr_put_u32(message, NFTA_HOOK_PRIORITY, htonl((uint32_t)priority));
	mnl_attr_put_strz(message, NFTA_HOOK_DEV, device);
	mnl_attr_nest_end(message, hook);
	mnl_attr_put_u32(message, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
	message_end(batch, message);
}

struct nlmsghdr *lvs_nft_rule_begin(struct lvs_nft_batch *batch, const char *chain)
{
	struct nlmsghdr *message =
		table_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFTA_RULE_TABLE);

	if (message == NULL)
		return NULL;
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
	batch->open = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	return message;
}

void lvs_nft_rule_end(struct lvs_nft_batch *batch, struct nlmsghdr *rule)
{
	if (rule == NULL)
		return;
	mnl_attr_nest_end(rule, batch->open);
	message_end(batch, rule);
}
