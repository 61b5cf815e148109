/* SPDX-License-Identifier: BSD-2-Clause */
#include "site.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run.h"

enum { PATH_LEN = 256 };

static const struct {
	const char *name;
	const char *value;
} sysctl[] = {
	{"net/ipv4/ip_forward", "1"},
	{"net/ipv6/conf/all/forwarding", "1"},
	{"net/ipv4/conf/all/rp_filter", "0"},
	{"net/ipv4/conf/default/rp_filter", "0"},
	/* Replies past the director come from its own service addresses. */
	{"net/ipv4/conf/all/accept_local", "1"},
	{"net/ipv4/conf/all/send_redirects", "0"},
	{"net/ipv4/conf/default/send_redirects", "0"},
	{"net/ipv6/conf/default/accept_dad", "0"},
	{"net/ipv6/conf/default/accept_ra", "0"},
	{"net/ipv6/conf/default/router_solicitations", "0"},
	{"net/ipv6/conf/default/addr_gen_mode", "1"},
	/* Errors are compared one by one; what limits do is another question. */
	{"net/ipv4/icmp_ratelimit", "0"},
	{"net/ipv6/icmp/ratelimit", "0"},
};

/* Behind IPVS's own hooks the host's share is shown on p0 and ends there: no stack answers. */
static const char rules[] =
	"table ip pass { chain in { type filter hook input priority 200; "
	"iifname { \"c0\", \"s0\" } dup to 169.254.9.2 device \"p0\" drop; }; }\n"
	"table ip6 pass { chain in { type filter hook input priority 200; "
	"iifname { \"c0\", \"s0\" } dup to fd00:9::2 device \"p0\" drop; }; }\n";

static const char links[] = "link set lo up\n"
			    "link set c0 address 02:fe:00:00:00:01 up\n"
			    "link set s0 address 02:fe:00:00:00:02 up\n"
			    "link set p0 address 02:fe:00:00:00:03 mtu 9000 up\n"
			    "addr add 169.254.9.1/24 dev p0\n"
			    "addr add fd00:9::1/64 dev p0 nodad\n"
			    "neigh add 169.254.9.2 lladdr 02:fe:00:00:00:09 dev p0 nud permanent\n"
			    "neigh add fd00:9::2 lladdr 02:fe:00:00:00:09 dev p0 nud permanent\n";

bool site_sysctl(const char *name, const char *value)
{
	char path[PATH_LEN];
	size_t len = strlen(value);
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, value, len);
	close(fd);
	return written == (ssize_t)len;
}

static int tap_open(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* One line of the scenario's place as one for `ip -batch`. */
static void place_line(const struct place *place, FILE *batch)
{
	char copy[PATH_LEN];
	char *args = copy;
	const char *word[4];

	snprintf(copy, sizeof(copy), "%s", place->args ? place->args : "");
	for (size_t i = 0; i < 4; i++) {
		word[i] = script_word(&args);
		if (!word[i])
			word[i] = "missing";
	}
	if (place->kind == 'a')
		fprintf(batch, "addr add %s dev %s%s\n", word[1], word[0],
			strchr(word[1], ':') ? " nodad" : "");
	else if (place->kind == 'n')
		fprintf(batch, "neigh add %s lladdr %s dev %s nud permanent\n", word[1], word[2],
			word[0]);
	else
		fprintf(batch, "route add %s via %s dev %s mtu %s\n", word[0], word[1], word[2],
			word[3]);
}

static bool configure(const struct scenario *scenario, FILE *out)
{
	char ip_args[] = "-batch -";
	char nft_args[] = "-f -";
	char *text = NULL;
	size_t len = 0;
	FILE *batch = open_memstream(&text, &len);
	bool fine;

	if (!batch)
		return false;
	fputs(links, batch);
	for (size_t i = 0; i < scenario->place_n; i++)
		place_line(&scenario->place[i], batch);
	fclose(batch);
	fine = run_program("ip", ip_args, text, out) == 0 &&
	       run_program("nft", nft_args, rules, out) == 0;
	free(text);
	return fine;
}

bool site_open(struct site *site, const struct scenario *scenario, FILE *out)
{
	site->ns = -1;
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		site->tap[i] = -1;
	if (unshare(CLONE_NEWNET) < 0)
		return false;
	site->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(sysctl) / sizeof(*sysctl); i++)
		if (!site_sysctl(sysctl[i].name, sysctl[i].value)) {
			fprintf(out, "text cannot set %s\n", sysctl[i].name);
			return false;
		}
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		site->tap[i] = tap_open(script_if_name(i));
	return configure(scenario, out);
}

void site_enter(const struct site *site)
{
	setns(site->ns, CLONE_NEWNET);
}

void site_close(struct site *site)
{
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		if (site->tap[i] >= 0)
			close(site->tap[i]);
	if (site->ns >= 0)
		close(site->ns);
}

bool site_send(const struct site *site, unsigned interface, const uint8_t *frame, size_t len)
{
	return write(site->tap[interface], frame, len) == (ssize_t)len;
}

size_t site_receive(const struct site *site, unsigned interface, uint8_t *frame, size_t size)
{
	ssize_t len;

	/* Groups are how the host itself speaks to its links; nothing balanced goes there. */
	do
		len = read(site->tap[interface], frame, size);
	while (len > 0 && (frame[0] & 1));
	return len > 0 ? (size_t)len : 0;
}
