/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "xdp".
 *
 *   interface --> XDP program --> of no service --------------------------> the host's stack
 *                     |
 *                     +-> a socket for each queue --> rx --> the caller
 *   interface <-- the same sockets <-- tx <------------------'   |
 *   other interfaces <-- a packet socket <-- tx <----------------+
 *                     the host's stack <-- a TUN <-- PASS <------'
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "io/io_log.h"
#include "xdp/state.h"

enum {
	RING = 2048,
	RING_MIN = 64,
	RING_MAX = 16384,
	RULES = 262144,
	RULES_MAX = 1 << 26,
};

_Static_assert((int)LVS_XDP_COUNT_N == (int)STEER_VERDICTS, "the program counts all of them");

int lvs_xdp_failed(const struct lvs_xdp *xdp, const char *interface, const char *what, int err)
{
	if (interface)
		lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR, "xdp: interface %s: %s: %s", interface,
			   what, strerror(err));
	else
		lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR, "xdp: %s: %s", what, strerror(err));
	switch (err) {
	case EINVAL:
		return LVS_ERR_UNSUPPORTED;
	case EEXIST:
		return LVS_ERR_EXISTS;
	default:
		return lvs_io_error(err);
	}
}

static int check_conf(const struct lvs_xdp_conf *conf)
{
	if (conf->interface_n < 1 || conf->interface_n > STEER_LINKS || !conf->interfaces)
		return LVS_ERR_INVALID;
	if (conf->mode > LVS_XDP_MODE_GENERIC || conf->copy > LVS_XDP_COPY_NEVER ||
	    conf->csum > LVS_XDP_CSUM_RECOMPUTE)
		return LVS_ERR_INVALID;
	if (conf->ring < RING_MIN || conf->ring > RING_MAX || (conf->ring & (conf->ring - 1)) != 0)
		return LVS_ERR_RANGE;
	if (conf->rule_max > RULES_MAX || conf->worker_n > LVS_XDP_WORKERS)
		return LVS_ERR_RANGE;
	return 0;
}

/* A copy with defaults. The caller's structure may be of another version. */
static int take_conf(const struct lvs_xdp_conf *from, struct lvs_xdp_conf *conf)
{
	int err;

	memset(conf, 0, sizeof(*conf));
	if (from->size < sizeof(from->size))
		return LVS_ERR_INVALID;
	memcpy(conf, from, from->size < sizeof(*conf) ? from->size : sizeof(*conf));
	conf->size = sizeof(*conf);
	if (!conf->worker_n)
		conf->worker_n = 1;
	if (!conf->csum)
		conf->csum = LVS_XDP_CSUM_DETECT;
	if (!conf->ring)
		conf->ring = RING;
	if (!conf->rule_max)
		conf->rule_max = RULES;
	err = check_conf(conf);
	if (err)
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "xdp: expected 1 to %d interfaces, a ring of a power of two from %d to "
			   "%d, at most %d workers and %d rules",
			   STEER_LINKS, RING_MIN, RING_MAX, LVS_XDP_WORKERS, RULES_MAX);
	return err;
}

static int open_ports(struct lvs_xdp *xdp, const char *const *names)
{
	for (unsigned i = 0; i < xdp->conf.interface_n; i++) {
		struct lvs_xdp_port *port = &xdp->port[i];
		int err = lvs_xdp_port_open(xdp, port, names[i]);

		if (err)
			return err;
		xdp->port_n++;
		err = lvs_xdp_port_place(xdp, port);
		if (!err)
			err = lvs_xdp_attach_check(xdp, port);
		if (!err)
			err = lvs_xdp_maps_put_link(xdp, port);
		if (err)
			return err;
	}
	return 0;
}

int lvs_xdp_new(const struct lvs_xdp_conf *conf, struct lvs_xdp **made)
{
	struct lvs_xdp *xdp;
	int err;

	if (!conf || !made)
		return LVS_ERR_INVALID;
	xdp = calloc(1, sizeof(*xdp));
	if (!xdp)
		return LVS_ERR_NO_MEMORY;
	pthread_mutex_init(&xdp->lock, NULL);
	err = take_conf(conf, &xdp->conf);
	if (!err)
		err = lvs_xdp_program_load(xdp);
	if (!err) {
		xdp->processor_n = libbpf_num_possible_cpus();
		err = open_ports(xdp, xdp->conf.interfaces);
	}
	if (err) {
		lvs_xdp_del(xdp);
		return err;
	}
	xdp->conf.interfaces = NULL;
	*made = xdp;
	return 0;
}

void lvs_xdp_del(struct lvs_xdp *xdp)
{
	if (!xdp)
		return;
	for (unsigned i = 0; i < xdp->port_n; i++) {
		lvs_xdp_detach(xdp, &xdp->port[i]);
		lvs_xdp_port_close(&xdp->port[i]);
	}
	lvs_xdp_program_free(xdp);
	lvs_capture_rules_fini(&xdp->rules);
	pthread_mutex_destroy(&xdp->lock);
	free(xdp);
}

/* Those that are not yet. On an error as before. */
static int attach_all(struct lvs_xdp *xdp)
{
	bool before[STEER_LINKS] = {false};
	int err = 0;

	for (unsigned i = 0; i < xdp->port_n; i++)
		before[i] = xdp->port[i].attached || xdp->port[i].gone;
	for (unsigned i = 0; i < xdp->port_n && !err; i++)
		if (!before[i])
			err = lvs_xdp_attach(xdp, &xdp->port[i]);
	for (unsigned i = 0; i < xdp->port_n && err; i++)
		if (!before[i])
			lvs_xdp_detach(xdp, &xdp->port[i]);
	return err;
}

static void take_over(struct lvs_xdp *xdp, const struct lvs_capture_rules *next)
{
	lvs_capture_rules_fini(&xdp->rules);
	xdp->rules = *next;
}

int lvs_xdp_capture(struct lvs_xdp *xdp, const struct lvs_host_rule *rules, unsigned n)
{
	static const struct lvs_capture_rules none;
	struct lvs_capture_rules next;
	int err = lvs_capture_rules_make(&next, rules, n);

	if (err)
		return err;
	err = lvs_xdp_maps_change(xdp, &next);
	if (err) {
		lvs_capture_rules_fini(&next);
		return err;
	}
	take_over(xdp, &next);
	if (n == 0)
		return 0;
	err = attach_all(xdp);
	/* It was the first list, or all were attached. */
	if (err && lvs_xdp_maps_change(xdp, &none) == 0)
		take_over(xdp, &none);
	return err;
}

int lvs_xdp_capture_callback(void *xdp, const struct lvs_host_rule *rules, unsigned n)
{
	return lvs_xdp_capture(xdp, rules, n);
}

int lvs_xdp_port(const struct lvs_xdp *xdp, unsigned i, struct lvs_xdp_port_info *info)
{
	struct lvs_xdp_port_info filled = {.size = info->size};
	const struct lvs_xdp_port *port = &xdp->port[i];

	if (i >= xdp->port_n)
		return LVS_ERR_NO_ENTRY;
	filled.ifindex = port->ifindex;
	memcpy(filled.name, port->name, sizeof(filled.name));
	memcpy(filled.driver, port->driver, sizeof(filled.driver));
	filled.queue_n = port->queue_n;
	filled.mode = port->mode;
	filled.attached = port->attached;
	memcpy(info, &filled, info->size < sizeof(filled) ? info->size : sizeof(filled));
	return 0;
}

/* The sum of all processors'. */
static uint64_t count_of(const struct lvs_xdp *xdp, uint32_t counter)
{
	uint64_t *value =
		xdp->processor_n > 0 ? calloc((size_t)xdp->processor_n, sizeof(*value)) : NULL;
	uint64_t sum = 0;

	if (value && bpf_map_lookup_elem(xdp->program.counts, &counter, value) == 0)
		for (int i = 0; i < xdp->processor_n; i++)
			sum += value[i];
	free(value);
	return sum;
}

void lvs_xdp_counts(const struct lvs_xdp *xdp, uint64_t *counts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		counts[i] = i < LVS_XDP_COUNT_N ? count_of(xdp, i) : 0;
}

const char *lvs_xdp_counter_name(unsigned counter)
{
	static const char *const names[] = {
#define NAME(name, text) #name,
		LVS_XDP_COUNTERS(NAME)
#undef NAME
	};

	return counter < LVS_XDP_COUNT_N ? names[counter] : "unknown";
}

const char *lvs_xdp_counter_text(unsigned counter)
{
	static const char *const texts[] = {
#define TEXT(name, text) text,
		LVS_XDP_COUNTERS(TEXT)
#undef TEXT
	};

	return counter < LVS_XDP_COUNT_N ? texts[counter] : "not a counter of this version";
}
