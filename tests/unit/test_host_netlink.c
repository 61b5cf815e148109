/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to the kernel, in a network namespace of the test's own. */
#define _GNU_SOURCE /* unshare() */
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "io/host/netlink.h"

#include "unit.h"

enum { ADDRESSES = 2000 }; /* more than one receive of a dump */

struct dump {
	struct lvs_netlink asked;
	struct lvs_netlink other; /* who changes things meanwhile */
	unsigned seen;
	unsigned change_at; /* message during which an address comes; 0: none does */
};

static int add_address(struct lvs_netlink *nl, unsigned number)
{
	union lvs_addr addr = {{10, 1, (uint8_t)(number >> 8), (uint8_t)number}};
	uint8_t buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body;

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ifa_family = LVS_INET;
	body->ifa_prefixlen = 32;
	body->ifa_index = 1;
	lvs_netlink_put_addr(request, IFA_LOCAL, LVS_INET, &addr);
	return lvs_netlink_ask(nl, request, NULL, NULL);
}

static int on_address(const struct nlmsghdr *message, void *user)
{
	struct dump *dump = user;

	(void)message;
	if (++dump->seen == dump->change_at)
		ck_assert_int_eq(add_address(&dump->other, ADDRESSES), 0);
	return MNL_CB_OK;
}

static int read_addresses(struct dump *dump, unsigned change_at)
{
	dump->seen = 0;
	dump->change_at = change_at;
	return lvs_netlink_dump(&dump->asked, RTM_GETADDR, LVS_INET, on_address, dump);
}

/* False where no namespace can be made. */
static bool enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return true;
	puts("skip - host_netlink: cannot make a network namespace");
	return false;
}

/* A dump that a change interrupts is given up; what is left of it must not answer the next. */
START_TEST(test_interrupted_dump)
{
	struct dump dump;

	if (!enter_namespace())
		return;
	ck_assert_int_eq(lvs_netlink_open(&dump.asked, NETLINK_ROUTE, NULL), 0);
	ck_assert_int_eq(lvs_netlink_open(&dump.other, NETLINK_ROUTE, NULL), 0);
	for (unsigned i = 0; i < ADDRESSES; i++)
		ck_assert_int_eq(add_address(&dump.other, i), 0);
	ck_assert_int_eq(read_addresses(&dump, 0), 0);
	ck_assert_uint_eq(dump.seen, ADDRESSES);
	ck_assert_int_eq(read_addresses(&dump, 5), LVS_ERR_BUSY);
	ck_assert_int_eq(read_addresses(&dump, 0), 0);
	ck_assert_uint_eq(dump.seen, ADDRESSES + 1);
	ck_assert_int_eq(add_address(&dump.asked, 0), LVS_ERR_EXISTS);
	ck_assert_int_eq(add_address(&dump.asked, ADDRESSES + 1), 0);
	lvs_netlink_close(&dump.asked);
	lvs_netlink_close(&dump.other);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_netlink");

	tcase_add_test(tcase, test_interrupted_dump);
	return unit_run("host_netlink", tcase);
}
