/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops by number: given, kept, taken away; states. */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/neigh.h"
#include "io/host/neigh_entry.h"
#include "io/host/netlink.h"

#include "unit.h"

#define IS_UP 1u /* IFF_UP */

static struct lvs_neighs neighs;
static struct lvs_iface ether = {
	.ifindex = 3, .mtu = 1500, .flags = IS_UP, .has_mac = true, .mac = {2, 0, 0, 0, 0, 3}};
static struct lvs_ifaces ifaces = {.iface = &ether, .n = 1, .room = 1};
static int wake;

static void setup(void)
{
	wake = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_ge(wake, 0);
	ck_assert_int_eq(lvs_neighs_init(&neighs, 16, wake), 0);
	ether.flags = IS_UP;
	ether.has_mac = true;
}

static void teardown(void)
{
	lvs_neighs_fini(&neighs);
	close(wake);
}

static struct lvs_neigh_key key_of(unsigned n)
{
	struct lvs_neigh_key key = {
		.addr = {{10, 0, (uint8_t)(n >> 8), (uint8_t)n}}, .ifindex = 3, .family = LVS_INET};

	return key;
}

static uint32_t add(unsigned n)
{
	struct lvs_neigh_key key = key_of(n);

	return lvs_neighs_add(&neighs, &key, &ether);
}

static uint32_t find(unsigned n)
{
	struct lvs_neigh_key key = key_of(n);

	return lvs_neighs_find(&neighs, &key);
}

static int resolve(uint32_t number, unsigned n, struct lvs_host_link *link)
{
	struct lvs_neigh_key key = key_of(n);

	return lvs_neighs_resolve(&neighs, number, key.family, &key.addr, link);
}

/* What the kernel would tell; mac_last 0 tells none. */
static void tell(uint16_t type, unsigned n, uint16_t state, uint8_t mac_last)
{
	struct lvs_neigh_key key = key_of(n);
	uint8_t mac[6] = {2, 0, 0, 0, 1, mac_last};
	uint8_t buffer[128];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ndmsg *body;

	message->nlmsg_type = type;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ndm_family = LVS_INET;
	body->ndm_ifindex = 3;
	body->ndm_state = state;
	lvs_netlink_put_addr(message, NDA_DST, LVS_INET, &key.addr);
	if (mac_last != 0)
		mnl_attr_put(message, NDA_LLADDR, sizeof(mac), mac);
	lvs_neighs_take(&neighs, &ifaces, message);
}

struct state_case {
	uint16_t type;
	uint16_t state;
	uint8_t mac_last;
	int err;
};

/* Told one after the other, of one neighbour. */
static const struct state_case state_cases[] = {
	{RTM_NEWNEIGH, NUD_INCOMPLETE, 0, LVS_ERR_BUSY},
	{RTM_NEWNEIGH, NUD_REACHABLE, 5, 0},
	{RTM_NEWNEIGH, NUD_STALE, 5, 0},
	{RTM_NEWNEIGH, NUD_PROBE, 5, 0},
	{RTM_NEWNEIGH, NUD_REACHABLE, 6, 0}, /* moved */
	{RTM_DELNEIGH, NUD_STALE, 6, 0},     /* the kernel forgets: used on while it is asked */
	{RTM_NEWNEIGH, NUD_FAILED, 0, LVS_ERR_NO_ENTRY},
	{RTM_DELNEIGH, NUD_FAILED, 0, LVS_ERR_BUSY},
	{RTM_NEWNEIGH, NUD_PERMANENT, 7, 0},
};

START_TEST(test_states)
{
	uint32_t number = add(1);
	struct lvs_host_link link;

	ck_assert_int_eq(resolve(number, 1, &link), LVS_ERR_BUSY);
	for (unsigned i = 0; i < LVS_ARRAY_N(state_cases); i++) {
		const struct state_case *c = &state_cases[i];

		tell(c->type, 1, c->state, c->mac_last);
		ck_assert_msg(resolve(number, 1, &link) == c->err, "case %u", i);
		if (c->err != 0)
			continue;
		ck_assert_uint_eq(link.dst[5], c->mac_last);
		ck_assert_mem_eq(link.src, ether.mac, 6);
		ck_assert_uint_eq(link.mtu, 1500);
		ck_assert_uint_eq(link.ifindex, 3);
		ck_assert_uint_eq(link.flags, 0);
	}
}
END_TEST

/* The link goes down, comes up, loses its addresses. */
START_TEST(test_link)
{
	uint32_t number = add(1);
	struct lvs_host_link link;

	tell(RTM_NEWNEIGH, 1, NUD_REACHABLE, 5);
	ether.flags = 0;
	lvs_neighs_follow(&neighs, &ifaces);
	ck_assert_int_eq(resolve(number, 1, &link), LVS_ERR_IO);
	ether.flags = IS_UP;
	lvs_neighs_follow(&neighs, &ifaces);
	ck_assert_int_eq(resolve(number, 1, &link), LVS_ERR_BUSY);
	ether.has_mac = false;
	lvs_neighs_follow(&neighs, &ifaces);
	ck_assert_int_eq(resolve(number, 1, &link), 0);
	ck_assert_uint_eq(link.flags, LVS_HOST_LINK_NO_ADDRESS);
}
END_TEST

/* Workers wake the control thread once for all that they want. */
START_TEST(test_wake)
{
	uint64_t count;
	struct lvs_host_link link;
	uint32_t a = add(1);
	uint32_t b = add(2);

	for (unsigned i = 0; i < 5; i++) {
		resolve(a, 1, &link);
		resolve(b, 2, &link);
	}
	ck_assert_int_eq(read(wake, &count, sizeof(count)), sizeof(count));
	ck_assert_uint_eq(count, 1);
	lvs_neighs_ask_wanted(&neighs, -1);
	ck_assert_uint_eq(neighs.asked_n, 2);
	resolve(a, 1, &link);
	ck_assert_int_lt(read(wake, &count, sizeof(count)), 0); /* asked just now */
	lvs_neighs_look(&neighs, -1, 20);
	resolve(a, 1, &link);
	ck_assert_int_eq(read(wake, &count, sizeof(count)), sizeof(count));
}
END_TEST

/* 16 numbers: promised ones stay, those in use stay before idle ones, a stale number is noticed. */
START_TEST(test_evict)
{
	struct lvs_host_link link;
	uint32_t promised = add(100);
	uint32_t used;
	uint32_t idle;

	lvs_neighs_pin(&neighs, promised);
	used = add(101);
	for (unsigned i = 0; i < 14; i++)
		ck_assert_uint_ne(add(i), 0);
	idle = find(0);
	resolve(used, 101, &link);
	ck_assert_uint_eq(add(50), idle);
	ck_assert_uint_eq(find(0), 0);
	ck_assert_int_eq(resolve(idle, 0, &link), 1);
	for (unsigned i = 0; i < 1000; i++) {
		resolve(find(101), 101, &link);
		ck_assert_uint_ne(add(200 + i), 0);
		ck_assert_uint_eq(find(200 + i), find(200 + i));
	}
	ck_assert_uint_eq(find(100), promised);
	ck_assert_uint_eq(neighs.n, 16);
}
END_TEST

START_TEST(test_all_promised)
{
	struct lvs_host_link link;

	for (unsigned i = 0; i < 16; i++)
		lvs_neighs_pin(&neighs, add(i));
	ck_assert_uint_eq(add(99), 0);
	ck_assert_int_eq(resolve(0, 1, &link), 1);
	ck_assert_int_eq(resolve(17, 1, &link), 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_neigh");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_states);
	tcase_add_test(tcase, test_link);
	tcase_add_test(tcase, test_wake);
	tcase_add_test(tcase, test_evict);
	tcase_add_test(tcase, test_all_promised);
	return unit_run("host_neigh", tcase);
}
