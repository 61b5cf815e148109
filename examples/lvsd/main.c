/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lvsd: a virtual server in user space.
 *
 *     main thread: signals, rules, host's news ---transactions, paths---> director
 *                                                                           |
 *     worker threads: adapter -> lvs_worker_process() -> adapter  <---------+
 */
#include "control.h"
#include "host/dry.h"
#include "host/forwarding.h"
#include "genl/genl.h"
#include "web/http.h"
#include "host/links.h"
#include "log.h"
#include "lvsd.h"
#include "adapters/pick.h"
#include "service/privileges.h"
#include "reload.h"
#include "report/report.h"
#include "host/tuning.h"
#include "adapters/xdp.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Before any thread is started: all inherit that these signals wait to be read. */
static int open_descriptors(struct lvsd *lvsd)
{
	const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	lvsd->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	lvsd->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	lvsd->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (lvsd->signal_fd >= 0 && lvsd->stop_fd >= 0 && lvsd->ended_fd >= 0)
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "signalfd or eventfd: %s", strerror(errno));
	return -1;
}

/* What the adapter makes, and what goes with it. */
static void note_devices(const struct lvsd *lvsd)
{
	char line[160];

	if (lvsd->options.tun[0])
		snprintf(line, sizeof(line),
			 "# TUN device %s, %u queue%s of 2048, MTU 65535, up; its rp_filter 0 (or "
			 "2), "
			 "accept_local 1, forwarding 1",
			 lvsd->options.tun, lvsd->options.worker_n,
			 log_plural(lvsd->options.worker_n));
	else
		snprintf(line, sizeof(line),
			 "# %u TUN device%s, up (lvs0, lvs1, ...): the host's way to get packets "
			 "back",
			 lvsd->options.worker_n, log_plural(lvsd->options.worker_n));
	lvs_host_setup_note(lvsd->host, line);
}

static int set_up_host(struct lvsd *lvsd)
{
	const struct options *options = &lvsd->options;
	int err =
		lvs_host_capture_interfaces(lvsd->host, options->interfaces, options->interface_n);

	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "interfaces %s: %s", options->target,
			 lvs_strerror(err));
		return err;
	}
	if (links_open(lvsd) < 0)
		return LVS_ERR_NO_DEVICE;
	if (!options->no_setup)
		note_devices(lvsd);
	if (options->tun[0])
		return lvs_host_steer(lvsd->host, options->tun);
	err = options->is_xdp ? xdp_open(lvsd) : 0;
	return err && pick_again(lvsd) ? 0 : err;
}

/* Nobody's that has crashed: a device goes with its process. */
static bool device_is_there(const struct options *options)
{
	return options->tun[0] && !options->no_setup && !options->print_setup &&
	       if_nametoindex(options->tun);
}

/* Where the device is taken, what leads into it is in use: nothing may be cleared away. */
static uint32_t host_flags(const struct options *options, bool taken)
{
	if (options->print_setup)
		return LVS_HOST_DRY_RUN;
	return options->no_setup || taken ? LVS_HOST_NO_SETUP : 0;
}

/* The adapters "packet" and "tun" work beside the host's own stack; others need none. */
static int open_host(struct lvsd *lvsd)
{
	struct lvs_host_conf conf = {
		.size = sizeof(conf),
		.name = lvsd->options.name,
		.changed = control_host_changed,
		.conflict = control_address_conflict,
		.user = lvsd,
		.log = lvsd->log,
	};
	bool taken = device_is_there(&lvsd->options);
	int err;

	if (!lvsd->options.interface_n)
		return 0;
	conf.flags = host_flags(&lvsd->options, taken);
	err = lvs_host_new(&conf, &lvsd->host);
	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "host, instance \"%s\": %s", conf.name,
			 err == LVS_ERR_BUSY ? "another lvsd runs here; give it another --name"
					     : lvs_strerror(err));
		return err;
	}
	if (taken) {
		log_line(&lvsd->log, LVS_LOG_ERROR,
			 "tun: TUN %s: there is an interface of that name already; expected "
			 "another name, or --no-setup to use it as it is",
			 lvsd->options.tun);
		return LVS_ERR_EXISTS;
	}
	lvs_director_set_path_lookup(lvsd->director, lvs_host_path_lookup, lvsd->host);
	return set_up_host(lvsd);
}

/* Fewer processors than workers: the list begins anew. */
static int cpu_of(const struct cpus *pin, unsigned worker)
{
	return pin->n ? pin->cpu[worker % pin->n] : -1;
}

static int open_workers(struct lvsd *lvsd)
{
	struct lvs_io_conf conf = {
		.size = sizeof(conf),
		.worker_n = lvsd->options.worker_n,
		.flags = (lvsd->options.no_setup ? LVS_IO_EXISTING : 0u) |
			 (lvsd->options.count_hops ? LVS_IO_COUNT_HOPS : 0u) |
			 (lvsd->options.by_cpu ? LVS_IO_BY_CPU : 0u),
		.target = lvsd->options.tun[0] ? lvsd->options.tun : lvsd->options.target,
		.host = lvsd->host,
		/* Without set-up nothing was taken away, and no TUN is made to give it back. */
		.captured =
			lvsd->host && !lvsd->options.no_setup ? lvs_host_captured_callback : NULL,
		.captured_user = lvsd->host,
		.log = lvsd->log,
		.adapter = lvsd->xdp,
	};

	for (unsigned i = 0; i < lvsd->options.worker_n; i++) {
		struct worker *worker = &lvsd->worker[i];
		int err;

		worker->number = i;
		worker->cpu = cpu_of(&lvsd->options.pin, i);
		worker->log = lvsd->log;
		worker->gate = &lvsd->gate;
		worker->stop_fd = lvsd->stop_fd;
		worker->wait_max_ms = lvsd->notify.watchdog_ns ? NOTIFY_WAIT_MS : -1;
		worker->ended_fd = lvsd->ended_fd;
		conf.worker = i;
		err = worker_open(worker, lvsd->director, lvsd->options.io, &conf);
		if (err)
			return err;
		lvsd->worker_n++;
	}
	lvsd->caps.size = sizeof(lvsd->caps);
	lvs_io_caps(lvsd->worker[0].io, &lvsd->caps);
	if (lvsd->caps.flags & LVS_IO_FINITE) /* its clock is the file's */
		lvsd->notify.watchdog_ns = 0;
	return 0;
}

/* 0, or -1 when a worker could not start or failed. */
static int run(struct lvsd *lvsd)
{
	unsigned started = 0;
	int failed = 0;

	while (started < lvsd->worker_n && worker_start(&lvsd->worker[started]) == 0)
		started++;
	if (started == lvsd->worker_n)
		control_run(lvsd);
	else
		failed = -1;
	notify_send(&lvsd->notify, "STOPPING=1\nSTATUS=undoing what was made on the host");
	eventfd_write(lvsd->stop_fd, 1);
	for (unsigned i = 0; i < started; i++) {
		worker_join(&lvsd->worker[i]);
		if (lvsd->worker[i].failed)
			failed = -1;
	}
	/* A file has come to its end: what else would one want to know? */
	if (lvsd->caps.flags & LVS_IO_FINITE)
		report_print(lvsd, stdout);
	return failed;
}

static void print_line(void *user, const char *text)
{
	fprintf(user, "%s\n", text);
}

static int print_setup(struct lvsd *lvsd, struct rules *rules)
{
	if (reload_setup_only(lvsd, rules) < 0 || forwarding_set(lvsd) < 0)
		return -1;
	lvs_host_setup_print(lvsd->host, print_line, stdout);
	return 0;
}

static int open_and_run(struct lvsd *lvsd, struct rules *rules)
{
	if (open_descriptors(lvsd) < 0 || reload_read(lvsd, rules) < 0 ||
	    tuning_open(lvsd, rules) < 0)
		return -1;
	pick_adapter(lvsd);
	if (open_host(lvsd) < 0)
		return -1;
	if (lvsd->options.print_setup)
		return print_setup(lvsd, rules);
	if (open_workers(lvsd) < 0 || reload_put(lvsd, rules) < 0 || forwarding_set(lvsd) < 0 ||
	    genl_open(lvsd) < 0 || http_open(lvsd) < 0)
		return -1;
	/* Whoever replays a capture file may be anybody, with the rights that he has. */
	if (lvsd->options.interface_n && privileges_drop(lvsd->options.is_xdp, &lvsd->log) < 0)
		return -1;
	return run(lvsd);
}

/* "No worker call may be running or come later": the adapters, which ask the host, go first. */
static void close_all(struct lvsd *lvsd)
{
	genl_close(lvsd->genl);
	http_close(lvsd);
	for (unsigned i = 0; i < lvsd->worker_n; i++)
		worker_close(&lvsd->worker[i]);
	lvs_host_del(lvsd->host);
	xdp_close(lvsd);
	lvs_director_del(lvsd->director);
	lvs_marks_del(lvsd->marks);
	rules_free(&lvsd->rules);
	addr_set_free(&lvsd->services);
	addr_set_free(&lvsd->dests);
	options_free(&lvsd->options);
}

int main(int argc, char **argv)
{
	struct lvsd lvsd = {.signal_fd = -1, .stop_fd = -1, .ended_fd = -1};
	struct rules rules = {0}; /* on their way into force */
	int status = options_read(argc, argv, &lvsd.options);

	if (status >= 0)
		return status;
	/* A reader of the log or the report who goes away is no reason to leave the host as it is.
	 */
	signal(SIGPIPE, SIG_IGN);
	lvsd.log = log_to_stderr(&lvsd.options.log_level);
	if (lvsd.options.check) {
		status = dry_run(&lvsd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		options_free(&lvsd.options);
		return status;
	}
	lvsd.started_s = lvsd.reloaded_s = (uint64_t)time(NULL);
	notify_open(&lvsd.notify, &lvsd.log);
	gate_init(&lvsd.gate);
	check_init(&lvsd);
	status = open_and_run(&lvsd, &rules) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	rules_free(&rules);
	close_all(&lvsd);
	notify_close(&lvsd.notify);
	return status;
}
