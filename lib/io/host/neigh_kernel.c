/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread's part: what the kernel tells of neighbours, and what it is asked. */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/byteorder.h"
#include "io/host/neigh_entry.h"
#include "io/host/netlink.h"

#define KNOWN (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP)
#define STALE (NUD_STALE | NUD_DELAY | NUD_PROBE)

/* Reads the key; the link-layer address if there is one, else NULL. */
static bool read_message(const struct nlmsghdr *message, struct lvs_neigh_key *key,
			 const uint8_t **mac)
{
	const struct ndmsg *body = mnl_nlmsg_get_payload(message);
	struct nlattr *attr;
	bool found = false;

	memset(key, 0, sizeof(*key));
	*mac = NULL;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*body) ||
	    (body->ndm_family != LVS_INET && body->ndm_family != LVS_INET6) ||
	    (body->ndm_flags & NTF_PROXY) != 0)
		return false;
	key->family = body->ndm_family;
	key->ifindex = (uint32_t)body->ndm_ifindex;
	mnl_attr_for_each(attr, message, sizeof(*body))
	{
		if (mnl_attr_get_type(attr) == NDA_DST)
			found = lvs_netlink_get_addr(attr, key->family, &key->addr) != 0;
		else if (mnl_attr_get_type(attr) == NDA_LLADDR &&
			 mnl_attr_get_payload_len(attr) == 6)
			*mac = mnl_attr_get_payload(attr);
	}
	return found;
}

static void send_request(int fd, uint16_t type, uint32_t number, const struct lvs_neigh_key *key)
{
	uint8_t buffer[128];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *body;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWNEIGH ? NLM_F_CREATE : 0);
	request->nlmsg_seq = number;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ndm_family = (uint8_t)key->family;
	body->ndm_ifindex = (int)key->ifindex;
	if (type == RTM_NEWNEIGH)
		body->ndm_flags = NTF_USE;
	lvs_netlink_put_addr(request, NDA_DST, key->family, &key->addr);
	/* What is lost is asked for again after a second, while it is wanted. */
	(void)send(fd, request, request->nlmsg_len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/*
 * NTF_USE makes the kernel behave as if it had a packet to send: it resolves, or
 * confirms what is stale. One that it knows already brings no notification, so
 * it is asked what it has, too.
 */
static void ask(struct lvs_neighs *neighs, int fd, uint32_t number)
{
	const struct lvs_neigh_key *key = &neighs->note[number].key;
	struct lvs_neigh *entry = &neighs->entry[number];

	send_request(fd, RTM_NEWNEIGH, number, key);
	send_request(fd, RTM_GETNEIGH, number, key);
	if (lvs_neigh_get_state(entry) == LVS_NEIGH_NONE)
		lvs_neigh_set_state(entry, LVS_NEIGH_WAIT, NULL);
}

/* The kernel collects neighbours that it does not use itself; ours goes on while it is asked. */
static void take_gone(struct lvs_neighs *neighs, uint32_t number)
{
	struct lvs_neigh *entry = &neighs->entry[number];
	enum lvs_neigh_state state = lvs_neigh_get_state(entry);

	if (state == LVS_NEIGH_VALID || state == LVS_NEIGH_STALE)
		lvs_neigh_set_state(entry, LVS_NEIGH_STALE, NULL);
	else if (state != LVS_NEIGH_DIRECT && state != LVS_NEIGH_DOWN)
		lvs_neigh_set_state(entry, LVS_NEIGH_NONE, NULL);
}

static void take_state(struct lvs_neigh *entry, unsigned nud, const uint8_t *mac)
{
	if (mac != NULL && (nud & KNOWN) != 0)
		lvs_neigh_set_state(entry, LVS_NEIGH_VALID, mac);
	else if (mac != NULL && (nud & STALE) != 0)
		lvs_neigh_set_state(entry, LVS_NEIGH_STALE, mac);
	else if ((nud & NUD_FAILED) != 0)
		lvs_neigh_set_state(entry, LVS_NEIGH_FAILED, NULL);
	else if ((nud & NUD_INCOMPLETE) != 0)
		lvs_neigh_set_state(entry, LVS_NEIGH_WAIT, NULL);
}

void lvs_neighs_take(struct lvs_neighs *neighs, const struct lvs_ifaces *ifaces,
		     const struct nlmsghdr *message)
{
	const struct ndmsg *body = mnl_nlmsg_get_payload(message);
	struct lvs_neigh_key key;
	const uint8_t *mac;
	uint32_t number;
	enum lvs_neigh_state state;

	if (!read_message(message, &key, &mac))
		return;
	number = lvs_neighs_find(neighs, &key);
	if (number == 0)
		return;
	state = lvs_neigh_get_state(&neighs->entry[number]);
	if (state == LVS_NEIGH_DIRECT || state == LVS_NEIGH_DOWN)
		lvs_neigh_set_link(&neighs->entry[number], lvs_ifaces_find(ifaces, key.ifindex));
	state = lvs_neigh_get_state(&neighs->entry[number]);
	if (state == LVS_NEIGH_DIRECT || state == LVS_NEIGH_DOWN)
		return;
	if (message->nlmsg_type == RTM_DELNEIGH)
		take_gone(neighs, number);
	else
		take_state(&neighs->entry[number], body->ndm_state, mac);
}

void lvs_neighs_follow(struct lvs_neighs *neighs, const struct lvs_ifaces *ifaces)
{
	for (uint32_t number = 1; number <= neighs->n; number++)
		lvs_neigh_set_link(&neighs->entry[number],
				   lvs_ifaces_find(ifaces, neighs->note[number].key.ifindex));
}

void lvs_neighs_ask_wanted(struct lvs_neighs *neighs, int fd)
{
	/* acquire: pairs with the release in want() */
	uint32_t number = atomic_exchange_explicit(&neighs->wanted, 0, memory_order_acquire);

	while (number != 0) {
		uint32_t next = atomic_load_explicit(&neighs->entry[number].next_wanted,
						     memory_order_relaxed);

		ask(neighs, fd, number);
		neighs->asked[neighs->asked_n++] = number;
		number = next;
	}
}

/* Looks at one: a stale one in use is confirmed. */
static void look_at(struct lvs_neighs *neighs, int fd, uint32_t number)
{
	struct lvs_neigh *entry = &neighs->entry[number];

	if (atomic_exchange_explicit(&entry->used, 0, memory_order_relaxed) == 0)
		return;
	if (lvs_neigh_get_state(entry) == LVS_NEIGH_STALE)
		ask(neighs, fd, number);
}

void lvs_neighs_look(struct lvs_neighs *neighs, int fd, uint32_t parts)
{
	uint32_t steps = neighs->n / parts + 1;

	while (neighs->asked_n > 0)
		atomic_store_explicit(&neighs->entry[neighs->asked[--neighs->asked_n]].wanted, 0,
				      memory_order_relaxed);
	for (; steps > 0 && neighs->n > 0; steps--) {
		if (neighs->look > neighs->n)
			neighs->look = 1;
		look_at(neighs, fd, neighs->look++);
	}
}

void lvs_neighs_refused(struct lvs_neighs *neighs, uint32_t number)
{
	enum lvs_neigh_state state;

	if (number == 0 || number > neighs->n)
		return;
	state = lvs_neigh_get_state(&neighs->entry[number]);
	if (state == LVS_NEIGH_NONE || state == LVS_NEIGH_WAIT)
		lvs_neigh_set_state(&neighs->entry[number], LVS_NEIGH_FAILED, NULL);
}

void lvs_neighs_forget(struct lvs_neighs *neighs)
{
	for (uint32_t number = 1; number <= neighs->n; number++)
		take_gone(neighs, number);
}
