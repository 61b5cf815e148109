/* SPDX-License-Identifier: BSD-2-Clause */
#include "control.h"
#include "web/http.h"
#include "adapters/xdp.h"
#include "host/address.h"
#include "genl/genl.h"
#include "host/links.h"
#include "log.h"
#include "marks.h"
#include "host/paths.h"
#include "reload.h"
#include "report/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

void control_host_changed(void *user)
{
	struct lvsd *lvsd = user;
	int err;

	links_follow(lvsd);
	err = paths_refresh(lvsd->director, lvsd->host, &lvsd->dests);

	if (err)
		log_line(&lvsd->log, LVS_LOG_ERROR, "reading routes: %s", lvs_strerror(err));
	reload_capture(lvsd);
	marks_follow(lvsd);
	xdp_follow(lvsd);
}

void control_address_conflict(void *user, enum lvs_family family, const union lvs_addr *addr,
			      const uint8_t *mac)
{
	struct lvsd *lvsd = user;
	char text[INET6_ADDRSTRLEN];

	log_line(&lvsd->log, LVS_LOG_ERROR,
		 "service address %s given up: %02x:%02x:%02x:%02x:%02x:%02x answers for it",
		 inet_ntop((int)family, addr, text, sizeof(text)), mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
}

static void tell_ready(const struct lvsd *lvsd, const char *note)
{
	notify_status(&lvsd->notify, "READY=1\n", "%zu service%s, %zu server%s on %s:%s%s",
		      lvsd->rules.service_n, log_plural(lvsd->rules.service_n), lvsd->rules.dest_n,
		      log_plural(lvsd->rules.dest_n), lvsd->options.io->name, lvsd->options.target,
		      note);
}

static void reload(struct lvsd *lvsd)
{
	int failed;

	notify_reloading(&lvsd->notify);
	failed = reload_rules(lvsd);
	if (failed)
		log_line(&lvsd->log, LVS_LOG_ERROR, "rules file %s is refused: nothing has changed",
			 lvsd->options.config ? lvsd->options.config : lvsd->options.rules);
	lvsd->reload_is_refused = failed;
	if (!failed)
		lvsd->reloaded_s = (uint64_t)time(NULL);
	tell_ready(lvsd, failed ? "; the last reload was refused" : "");
}

/* Returns whether to go on. */
static bool handle_signal(struct lvsd *lvsd)
{
	struct signalfd_siginfo info;

	if (read(lvsd->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if ((int)info.ssi_signo == SIGRTMIN) { /* no constant */
		check_begin(lvsd);
		return true;
	}
	switch (info.ssi_signo) {
	case SIGHUP:
		genl_serve_catch_up(lvsd);
		reload(lvsd);
		return true;
	case SIGUSR1:
		report_print(lvsd, stdout);
		return true;
	case SIGUSR2:
		if (lvsd->host)
			lvs_host_address_announce(lvsd->host);
		return true;
	default:
		return false;
	}
}

/* Once: packets to every address that will ever come now arrive. */
static void say_ready(const struct lvsd *lvsd, bool *said)
{
	if (*said || (lvsd->host && address_pending(lvsd->host, &lvsd->services)))
		return;
	*said = true;
	log_line(&lvsd->log, LVS_LOG_NOTICE,
		 "ready: %zu service%s, %zu server%s, %u worker%s on %s:%s", lvsd->rules.service_n,
		 log_plural(lvsd->rules.service_n), lvsd->rules.dest_n,
		 log_plural(lvsd->rules.dest_n), lvsd->worker_n, log_plural(lvsd->worker_n),
		 lvsd->options.io->name, lvsd->options.target);
	tell_ready(lvsd, "");
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* The soonest of what waits; -1: for ever. */
static int wait_ms(const struct lvsd *lvsd)
{
	return sooner(sooner(check_wait_ms(lvsd), notify_wait_ms(&lvsd->notify)),
		      sooner(genl_wait_ms(lvsd->genl), http_wait_ms(lvsd)));
}

void control_run(struct lvsd *lvsd)
{
	enum { SIGNALS, ENDED, HOST, CONTROL, HTTP, WAITS };
	/* poll() passes over descriptors below 0. */
	struct pollfd wait[WAITS] = {
		[SIGNALS] = {.fd = lvsd->signal_fd, .events = POLLIN},
		[ENDED] = {.fd = lvsd->ended_fd, .events = POLLIN},
		[CONTROL] = {.fd = genl_fd(lvsd->genl), .events = POLLIN},
		[HOST] = {.fd = lvsd->host ? lvs_host_fd(lvsd->host) : -1, .events = POLLIN},
		[HTTP] = {.fd = http_fd(lvsd), .events = POLLIN},
	};
	bool said = false;

	for (;;) {
		say_ready(lvsd, &said);
		if (poll(wait, WAITS, wait_ms(lvsd)) < 0) {
			if (errno == EINTR)
				continue;
			log_line(&lvsd->log, LVS_LOG_ERROR, "poll: %s", strerror(errno));
			return;
		}
		check_go_on(lvsd);
		http_go_on(lvsd);
		notify_go_on(&lvsd->notify, lvsd->worker, lvsd->worker_n, &lvsd->log);
		genl_handle(lvsd);
		if (wait[HOST].revents) {
			int err = lvs_host_handle(lvsd->host);

			if (err)
				log_line(&lvsd->log, LVS_LOG_ERROR, "host: %s", lvs_strerror(err));
		}
		if (wait[ENDED].revents)
			return;
		if (wait[SIGNALS].revents && !handle_signal(lvsd))
			return;
	}
}
