/* SPDX-License-Identifier: BSD-2-Clause */
#include "option_value.h"
#include "genl/genl.h"
#include "adapters/xdp.h"

#include <liblvs/host.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_EVERY_MAX = 1000000 };

static int fail(struct option_error *error, const char *expected, const char *got)
{
	snprintf(error->text, sizeof(error->text), "expected %s, got \"%s\"", expected, got);
	return -1;
}

static int read_number(const char *text, unsigned long max, uint32_t *number,
		       struct option_error *error)
{
	char expected[64];
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > max) {
		snprintf(expected, sizeof(expected), "a number from 1 to %lu", max);
		return fail(error, expected, text);
	}
	*number = (uint32_t)value;
	return 0;
}

static int set_one(const char *name, size_t len, const char *value, struct options *options,
		   struct option_error *error)
{
	return setting_take(&options->settings, name, len, value, 0, error->text,
			    sizeof(error->text));
}

/* NAME=VALUE */
static int read_setting(const char *text, struct options *options, struct option_error *error)
{
	size_t len = strcspn(text, "=");

	if (!text[len])
		return fail(error, "NAME=VALUE", text);
	return set_one(text, len, text + len + 1, options, error);
}

static int read_table_size(const char *text, struct options *options, struct option_error *error)
{
	const char *name = setting_name(SETTING_CONN_MAX);

	return set_one(name, strlen(name), text, options, error);
}

static int read_level(const char *text, enum lvs_log_level *level, struct option_error *error)
{
	static const char *const name[] = {
		[LVS_LOG_ERROR] = "error",   [LVS_LOG_WARNING] = "warning",
		[LVS_LOG_NOTICE] = "notice", [LVS_LOG_INFO] = "info",
		[LVS_LOG_DEBUG] = "debug",
	};

	for (unsigned i = LVS_LOG_ERROR; i <= LVS_LOG_DEBUG; i++) {
		if (!strcmp(name[i], text)) {
			*level = (enum lvs_log_level)i;
			return 0;
		}
	}
	return fail(error, "error, warning, notice, info or debug", text);
}

/* What lvs_host_new() takes. */
static int read_name(const char *text, struct options *options, struct option_error *error)
{
	size_t len =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (!len || len > LVS_HOST_NAME_MAX || text[len])
		return fail(error, "1 to 15 letters, digits, _ and -", text);
	options->name = text;
	return 0;
}

/* The names in the target are the set-up's business too. */
static int read_interfaces(const char *text, struct options *options, struct option_error *error)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		char *name;

		if (options->interface_n == OPTIONS_INTERFACES_MAX || !len ||
		    len >= sizeof(options->interface[0]))
			return fail(error, "1 to 16 interface names with commas between",
				    options->target);
		name = options->interface[options->interface_n];
		memset(name, 0, sizeof(options->interface[0])); /* a file's may stand there */
		memcpy(name, text, len);
		options->interfaces[options->interface_n++] = name;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

/* The device's name, then interfaces. */
static int read_tun(const char *text, struct options *options, struct option_error *error)
{
	size_t len = strcspn(text, ",");

	if (!len || len >= sizeof(options->tun) || !text[len])
		return fail(error, "NAME,INTERFACE[,INTERFACE...], names of 1 to 15 characters",
			    options->target);
	memcpy(options->tun, text, len);
	return read_interfaces(text + len + 1, options, error);
}

/* Interfaces alone: which adapter, is found out when they can be asked. */
static int read_picked(const char *text, struct options *options, struct option_error *error)
{
	options->io = NULL;
	options->is_xdp = false;
	options->target = text;
	options->interface_n = 0;
	memset(options->tun, 0, sizeof(options->tun));
	return read_interfaces(text, options, error);
}

static int read_io(const char *text, struct options *options, struct option_error *error)
{
	char name[16] = "";
	size_t len = strcspn(text, ":");

	if (len < sizeof(name))
		memcpy(name, text, len);
	if (!text[len] || !strcmp(name, "auto"))
		return read_picked(text[len] ? text + len + 1 : text, options, error);
	options->is_xdp = !strcmp(name, "xdp");
	if (options->is_xdp && !xdp_ops())
		return fail(error, "another adapter: this lvsd was built without liblvs-xdp", text);
	options->io = options->is_xdp ? xdp_ops() : lvs_io_find(name);
	if (!options->io || !text[len] || !text[len + 1])
		return fail(error,
			    "INTERFACE[,INTERFACE...], packet:INTERFACE[,INTERFACE...], "
			    "tun:NAME,INTERFACE[,INTERFACE...], xdp:INTERFACE[,INTERFACE...] or "
			    "pcap:IN[,OUT]",
			    text);
	options->target = text + len + 1;
	options->interface_n = 0;
	memset(options->tun, 0, sizeof(options->tun));
	if (!strcmp(name, "tun"))
		return read_tun(options->target, options, error);
	if (options->is_xdp || !strcmp(name, "packet"))
		return read_interfaces(options->target, options, error);
	return 0;
}

static int read_ftp(const char *text, struct options *options, struct option_error *error)
{
	options->ftp_n = 0;
	for (const char *at = text ? text : "21";; at++) {
		char *end;
		unsigned long port = strtoul(at, &end, 10);

		if (at[0] < '0' || at[0] > '9' || port < 2 || port > UINT16_MAX ||
		    (*end && *end != ',') || options->ftp_n == OPTIONS_FTP_MAX)
			return fail(error, "1 to 8 ports from 2 to 65535 with commas between",
				    text);
		options->ftp[options->ftp_n++] = (uint16_t)port;
		if (!*end)
			return 0;
		at = end;
	}
}

/* Without a list, all that there are. */
static int read_pin(const char *text, struct options *options, struct option_error *error)
{
	if (text)
		return cpus_read(text, &options->pin) == 0
			       ? 0
			       : fail(error, "processors below 1024, each once, like 0-3,8", text);
	if (cpus_allowed(&options->pin) == 0)
		return 0;
	snprintf(error->text, sizeof(error->text), "sched_getaffinity: %s", strerror(errno));
	return -1;
}

static int read_spread(const char *text, struct options *options, struct option_error *error)
{
	options->by_cpu = !strcmp(text, "cpu");
	return options->by_cpu || !strcmp(text, "flow") ? 0 : fail(error, "flow or cpu", text);
}

static int read_xdp(const char *text, struct options *options, struct option_error *error)
{
	return xdp_words_read(text, &options->xdp) == 0
		       ? 0
		       : fail(error,
			      "native, generic, copy, zero-copy, trust, detect, recompute or "
			      "busy-poll=MICROSECONDS, with commas between",
			      text);
}

/* The address in front of the port, brackets left out; "" is loopback. */
static bool take_address(const char *text, size_t len, struct options_listen *listen)
{
	char copy[INET6_ADDRSTRLEN];
	bool six = len > 1 && text[0] == '[' && text[len - 1] == ']';

	if (six) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	listen->family = six ? LVS_INET6 : LVS_INET;
	return inet_pton(listen->family, len ? copy : "127.0.0.1", &listen->addr) == 1;
}

/* PORT, ADDRESS:PORT or [ADDRESS]:PORT */
static int read_listen(const char *text, struct options_listen *listen, struct option_error *error)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	struct options_listen found = {.port = 0};
	struct option_error unused;
	uint32_t number;

	if (!take_address(text, colon ? (size_t)(colon - text) : 0, &found) || colon == text ||
	    read_number(port, UINT16_MAX, &number, &unused) < 0)
		return fail(error,
			    "PORT, ADDRESS:PORT or [ADDRESS]:PORT, with a port from 1 to 65535",
			    text);
	found.port = (uint16_t)number;
	*listen = found;
	return 0;
}

int option_take(int option, const char *text, struct options *options, struct option_error *error)
{
	switch (option) {
	case OPTION_IO:
		return read_io(text, options, error);
	case OPTION_RULES:
		options->rules = text;
		options->rules_in_config = false;
		return 0;
	case OPTION_CONTROL:
		options->control = text ? text : GENL_PATH;
		return 0;
	case OPTION_NAME:
		return read_name(text, options, error);
	case OPTION_WORKERS:
		return read_number(text, OPTIONS_WORKERS_MAX, &options->worker_n, error);
	case OPTION_PIN:
		return read_pin(text, options, error);
	case OPTION_SPREAD:
		return read_spread(text, options, error);
	case OPTION_XDP:
		return read_xdp(text, options, error);
	case OPTION_TABLE_SIZE:
		return read_table_size(text, options, error);
	case OPTION_SET:
		return read_setting(text, options, error);
	case OPTION_FTP:
		return read_ftp(text, options, error);
	case OPTION_CHECK_EVERY:
		return read_number(text, CHECK_EVERY_MAX, &options->check_every_s, error);
	case OPTION_METRICS:
		return read_listen(text, &options->metrics, error);
	case OPTION_LOG_LEVEL:
		return read_level(text, &options->log_level, error);
	default:
		return fail(error, "an option with a value", text ? text : "");
	}
}
