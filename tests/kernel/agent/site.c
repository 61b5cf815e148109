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

#include "ipvs.h"
#include "place.h"
#include "route.h"

enum { PATH_LEN = 256, LINE_LEN = 256 };

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

bool site_sysctl_write(const char *name, const char *value)
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

static bool sysctl_read(const char *name, char *value, size_t size)
{
	char path[PATH_LEN];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, value, size - 1);
	close(fd);
	value[got > 0 ? got : 0] = 0;
	value[strcspn(value, "\n")] = 0;
	return got > 0;
}

/* What it was is kept once. */
static bool keep_before(struct site *site, const char *name)
{
	struct site_change *change = &site->change[site->change_n];

	for (size_t i = 0; i < site->change_n; i++)
		if (!strcmp(site->change[i].name, name))
			return true;
	if (site->change_n == SITE_CHANGES ||
	    !sysctl_read(name, change->before, sizeof(change->before)))
		return false;
	snprintf(change->name, sizeof(change->name), "%s", name);
	site->change_n++;
	return true;
}

bool site_sysctl(struct site *site, const char *name, const char *value)
{
	/* What these have counted cannot be set back. */
	site->spoilt |= strstr(name, "drop_") != NULL;
	return keep_before(site, name) && site_sysctl_write(name, value);
}

int site_tap(const char *name)
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

static bool fail(const char *wrong, FILE *out)
{
	fprintf(out, "text cannot make %s\n", wrong);
	return false;
}

static bool open_all(struct site *site, const struct scenario *scenario, FILE *out)
{
	const char *wrong;

	for (size_t i = 0; i < sizeof(sysctl) / sizeof(*sysctl); i++)
		if (!site_sysctl_write(sysctl[i].name, sysctl[i].value))
			return fail(sysctl[i].name, out);
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		site->tap[i] = site_tap(script_if_name(i));
	site->ipvs = ipvs_open();
	site->conns = open("/proc/self/net/ip_vs_conn", O_RDONLY | O_CLOEXEC);
	site->route = route_open();
	if (!place_rules(site->route, scenario, &wrong, out) ||
	    !place_links(site->route, scenario, &wrong))
		return fail(wrong, out);
	return true;
}

bool site_open(struct site *site, const struct scenario *scenario, FILE *out)
{
	*site = (struct site){.ns = -1, .ipvs = -1, .route = -1, .conns = -1};
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		site->tap[i] = -1;
	if (unshare(CLONE_NEWNET) < 0)
		return fail("a namespace", out);
	site->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return open_all(site, scenario, out);
}

void site_enter(const struct site *site)
{
	setns(site->ns, CLONE_NEWNET);
}

void site_flush(struct site *site)
{
	char flush[] = "-C";
	char zero[] = "-Z";
	char timeouts[] = "--set 900 120 300";
	char stop[] = "--stop-daemon backup";

	/* Defences look at their settings once a second: the next scenario comes later. */
	while (site->change_n) {
		const struct site_change *change = &site->change[--site->change_n];

		site->spoilt |= !site_sysctl_write(change->name, change->before);
	}
	ipvs_rule(site->ipvs, stop);
	site_sysctl_write("net/ipv4/vs/expire_nodest_conn", "1");
	ipvs_rule(site->ipvs, flush);
	ipvs_rule(site->ipvs, zero);
	ipvs_rule(site->ipvs, timeouts);
}

bool site_is_quiet(void)
{
	char text[LINE_LEN];
	int lines = 0;
	FILE *conns = fopen("/proc/self/net/ip_vs_conn", "r");

	while (conns && fgets(text, sizeof(text), conns))
		lines++;
	if (conns)
		fclose(conns);
	return lines == 1; /* the title */
}

bool site_renew(struct site *site, const struct scenario *scenario, FILE *out)
{
	const char *wrong;

	site_sysctl_write("net/ipv4/vs/expire_nodest_conn", "0");
	for (unsigned i = SCRIPT_C0; i <= SCRIPT_S0; i++) {
		close(site->tap[i]);
		site->tap[i] = site_tap(script_if_name(i));
	}
	return place_links(site->route, scenario, &wrong) || fail(wrong, out);
}

void site_close(struct site *site)
{
	for (unsigned i = 0; i < SCRIPT_IF_N; i++)
		if (site->tap[i] >= 0)
			close(site->tap[i]);
	if (site->ipvs >= 0)
		close(site->ipvs);
	if (site->conns >= 0)
		close(site->conns);
	if (site->route >= 0)
		close(site->route);
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
