/* SPDX-License-Identifier: BSD-2-Clause */
/* Which adapter suits which interfaces. */
#include "adapters/choice.h"

#include "unit.h"

#include <string.h>

#define PORT(driver_, queues, mtu_, super, vlan)                                                   \
	{                                                                                          \
		.name = "eth0", .driver = driver_, .queue_n = queues, .mtu = mtu_, .there = true,  \
		.ethernet = true, .super_packets = super, .vlans = vlan                            \
	}
#define CARD PORT("ice", 2, 1500, true, false)
#define VETH PORT("veth", 2, 1500, false, false)
#define BARE                                                                                       \
	{                                                                                          \
		.name = "eth0", .there = true, .queue_n = 1                                        \
	}
#define GONE                                                                                       \
	{                                                                                          \
		.name = "eth0"                                                                     \
	}

static const struct {
	struct choice_port port[2];
	unsigned port_n;
	unsigned worker_n;
	const char *no_xdp;
	bool xdp;
	const char *why; /* is in the reason */
} choices[] = {
	{{CARD}, 1, 1, NULL, true, "eth0 (ice) hands frames"},
	{{CARD, CARD}, 2, 2, NULL, true, "eth0 (ice) hands frames"},
	{{CARD}, 1, 3, NULL, false, "fewer receive queues"},
	{{CARD}, 1, 1, "no rights", false, "no rights"},
	{{CARD}, 0, 1, NULL, false, "no interface"},
	{{PORT("ice", 2, 1500, true, true)}, 1, 1, NULL, false, "VLANs"},
	{{PORT("ice", 2, 3499, true, false)}, 1, 1, NULL, false, "MTU"},
	{{PORT("ice", 2, 3498, true, false)}, 1, 1, NULL, true, "without a copy"},
	{{BARE}, 1, 1, NULL, false, "not Ethernet"},
	{{GONE}, 1, 1, NULL, false, "not there"},
	{{PORT("e1000", 2, 1500, true, false)}, 1, 1, NULL, false, "eth0 (e1000) has a driver"},
	{{PORT("", 1, 1500, true, false)}, 1, 1, NULL, false, "eth0 has a driver"},
	{{PORT("virtio_net", 2, 1500, true, false)}, 1, 1, NULL, false, "driver"},
	{{PORT("veth", 2, 1500, true, false)}, 1, 1, NULL, false, "super-packets"},
	{{VETH}, 1, 1, NULL, true, "eth0 (veth) has XDP"},
	/* All, or none. */
	{{CARD, PORT("bridge", 1, 1500, true, false)}, 2, 1, NULL, false, "(bridge)"},
	{{VETH, PORT("veth", 2, 1500, true, false)}, 2, 1, NULL, false, "super-packets"},
};

START_TEST(test_choice)
{
	struct choice_ask ask = {
		.port = choices[_i].port,
		.port_n = choices[_i].port_n,
		.worker_n = choices[_i].worker_n,
		.no_xdp = choices[_i].no_xdp,
	};
	char why[256] = "";

	ck_assert(choice_is_xdp(&ask, why, sizeof(why)) == choices[_i].xdp);
	ck_assert_msg(strstr(why, choices[_i].why), "%s", why);
}
END_TEST

/* However short the room. */
START_TEST(test_short)
{
	const struct choice_port port = CARD;
	struct choice_ask ask = {.port = &port, .port_n = 1, .worker_n = 1};
	char why[8] = "";

	ck_assert(choice_is_xdp(&ask, why, sizeof(why)));
	ck_assert_str_eq(why, "eth0 (i");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_choice");

	tcase_add_loop_test(tcase, test_choice, 0, (int)(sizeof(choices) / sizeof(choices[0])));
	tcase_add_test(tcase, test_short);
	return unit_run("rules_choice", tcase);
}
