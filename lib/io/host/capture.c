/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's life, and the calls. */
#include "io/host/capture.h"

#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "io/host/state.h"

static int open_netfilter(struct lvs_capture *capture)
{
	if (capture->nl.socket != NULL)
		return 0;
	return lvs_netlink_open(&capture->nl, NETLINK_NETFILTER, NULL);
}

int lvs_capture_init(struct lvs_capture *capture, const char *instance, bool usable)
{
	memset(capture, 0, sizeof(*capture));
	capture->direct = calloc(1, sizeof(*capture->direct));
	if (capture->direct == NULL)
		return LVS_ERR_NO_MEMORY;
	snprintf(capture->table, sizeof(capture->table), "lvs_%s", instance);
	capture->usable = usable;
	/* A crashed instance's table goes on to hold back its traffic until ours replaces it. */
	if (usable && open_netfilter(capture) == 0)
		capture->installed = lvs_nft_find_table(&capture->nl, capture->table) == 0;
	return 0;
}

int lvs_capture_remove(struct lvs_capture *capture)
{
	struct lvs_nft_batch batch;
	int err;

	if (!capture->installed)
		return 0;
	lvs_nft_begin(&batch, capture->table);
	lvs_nft_add_table(&batch);
	lvs_nft_del_table(&batch);
	err = lvs_nft_commit(&batch, &capture->nl);
	if (err == 0)
		capture->installed = false;
	return err;
}

void lvs_capture_fini(struct lvs_capture *capture)
{
	lvs_capture_remove(capture);
	lvs_netlink_close(&capture->nl);
	lvs_capture_rules_fini(&capture->rules);
	free(capture->name);
	free(capture->direct);
	free(capture->ifindex);
}

int lvs_capture_install(struct lvs_capture *capture, const struct lvs_capture_rules *rules,
			const struct lvs_ifaces *ifaces, const uint32_t *ifindex, unsigned n)
{
	struct lvs_nft_batch batch;
	int err;

	if (!capture->usable)
		return 0;
	if (rules->n == 0 || capture->by != NULL)
		return lvs_capture_remove(capture);
	err = open_netfilter(capture);
	if (err != 0)
		return err;
	lvs_nft_begin(&batch, capture->table);
	lvs_capture_build(&batch, rules, ifaces, ifindex, n);
	err = lvs_nft_commit(&batch, &capture->nl);
	if (err == 0)
		capture->installed = true;
	return err;
}

int lvs_capture_change(struct lvs_capture *capture, const struct lvs_capture_rules *rules)
{
	struct lvs_nft_batch batch;

	lvs_nft_begin(&batch, capture->table);
	lvs_capture_build_change(&batch, &capture->rules, rules);
	return lvs_nft_commit(&batch, &capture->nl);
}

/* The numbers of those interfaces that exist. Returns how many. */
static unsigned find_interfaces(const struct lvs_host *host, char (*name)[IF_NAMESIZE], unsigned n,
				uint32_t *ifindex)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct lvs_iface *iface = lvs_ifaces_find_name(&host->ifaces, name[i]);

		if (iface != NULL)
			ifindex[found++] = iface->ifindex;
	}
	return found;
}

static int copy_names(char (**out)[IF_NAMESIZE], const char *const *names, unsigned n)
{
	*out = calloc(n + 1, sizeof(**out));
	if (*out == NULL)
		return LVS_ERR_NO_MEMORY;
	for (unsigned i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if (len == 0 || len >= IF_NAMESIZE) {
			free(*out);
			return LVS_ERR_INVALID;
		}
		memcpy((*out)[i], names[i], len);
	}
	return 0;
}

/* Puts new interfaces, or the same under new numbers, into force. Takes over @p name. */
static int use_interfaces(struct lvs_host *host, char (*name)[IF_NAMESIZE], unsigned n)
{
	struct lvs_capture *capture = &host->capture;
	uint32_t *ifindex = calloc(n + 1, sizeof(*ifindex));
	unsigned found;
	int err = LVS_ERR_NO_MEMORY;

	if (ifindex == NULL)
		goto fail;
	found = find_interfaces(host, name, n, ifindex);
	err = capture->rules.n == 0 ? 0
				    : lvs_capture_install(capture, &capture->rules, &host->ifaces,
							  ifindex, found);
	if (err != 0)
		goto fail;
	lvs_stripes_write(&host->stripes);
	if (capture->name != name)
		free(capture->name);
	free(capture->ifindex);
	capture->name = name;
	capture->names_n = n;
	capture->ifindex = ifindex;
	capture->ifindex_n = found;
	lvs_stripes_write_end(&host->stripes);
	return 0;
fail:
	free(ifindex);
	return err;
}

int lvs_host_capture_interfaces(struct lvs_host *host, const char *const *names, unsigned n)
{
	char(*copy)[IF_NAMESIZE];
	int err = copy_names(&copy, names, n);

	if (err != 0)
		return err;
	err = use_interfaces(host, copy, n);
	if (err != 0)
		free(copy);
	return err;
}

/* A device that goes takes its chain along; one that comes needs one. */
int lvs_host_capture_follow(struct lvs_host *host)
{
	struct lvs_capture *capture = &host->capture;
	uint32_t *ifindex = calloc(capture->names_n + 1, sizeof(*ifindex));
	unsigned found;
	bool same;

	if (ifindex == NULL)
		return LVS_ERR_NO_MEMORY;
	found = find_interfaces(host, capture->name, capture->names_n, ifindex);
	same = found == capture->ifindex_n &&
	       (found == 0 || memcmp(ifindex, capture->ifindex, found * sizeof(*ifindex)) == 0);
	free(ifindex);
	return same ? 0 : use_interfaces(host, capture->name, capture->names_n);
}

/* The first time, and where somebody has taken our table away, the whole is sent. A change of
 * nothing would not notice. */
static int put_in_force(struct lvs_host *host, const struct lvs_capture_rules *next,
			const struct lvs_host_rule *rules, unsigned n)
{
	struct lvs_capture *capture = &host->capture;
	int err = LVS_ERR_NO_ENTRY;

	if (capture->by != NULL && capture->usable) {
		err = capture->by(capture->by_user, rules, n);
		if (err != 0)
			return err;
		/* Left by a crashed instance that did without; it has held the traffic back until
		 * now. */
		(void)lvs_capture_remove(capture);
		return 0;
	}
	if (capture->installed && capture->rules.n > 0 && next->n > 0)
		err = lvs_nft_find_table(&capture->nl, capture->table);
	if (err == 0)
		err = lvs_capture_change(capture, next);
	if (err != 0)
		err = lvs_capture_install(capture, next, &host->ifaces, capture->ifindex,
					  capture->ifindex_n);
	return err;
}

void lvs_host_capture_by(struct lvs_host *host,
			 int (*set)(void *user, const struct lvs_host_rule *rules, unsigned n),
			 void *user)
{
	lvs_stripes_write(&host->stripes);
	host->capture.by = set;
	host->capture.by_user = user;
	lvs_stripes_write_end(&host->stripes);
}

int lvs_host_capture_set(struct lvs_host *host, const struct lvs_host_rule *rules, unsigned n)
{
	struct lvs_capture *capture = &host->capture;
	struct lvs_capture_rules next;
	struct lvs_capture_rules old;
	int err = lvs_capture_rules_make(&next, rules, n);

	if (err != 0)
		return err;
	next.mark = host->steer.tun[0] != 0 ? host->steer.number : 0;
	err = lvs_steer_prepare(host, &next);
	/* What cannot be undone is not begun. */
	if (err == 0 && next.n > 0)
		err = lvs_setup_record_capture(&host->setup);
	if (err != 0) {
		lvs_capture_rules_fini(&next);
		return err;
	}
	err = put_in_force(host, &next, rules, n);
	if (err != 0) {
		lvs_capture_rules_fini(&next);
		return err;
	}
	lvs_stripes_write(&host->stripes);
	old = capture->rules;
	capture->rules = next;
	lvs_stripes_write_end(&host->stripes);
	lvs_capture_rules_fini(&old);
	lvs_steer_clear(host, &capture->rules);
	return 0;
}

bool lvs_host_captured(struct lvs_host *host, const struct lvs_packet *packet)
{
	pthread_rwlock_t *lock;
	bool match;

	if (!host->capture.usable)
		return false;
	lock = lvs_stripes_read(&host->stripes);
	match = lvs_capture_match(&host->capture, &host->routes, packet);
	lvs_stripes_read_end(lock);
	return match;
}

bool lvs_host_captured_callback(void *host, const struct lvs_packet *packet)
{
	return lvs_host_captured(host, packet);
}
