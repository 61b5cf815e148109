/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * growth: the longest batch of 256 while two workers fill the table from empty to ten million.
 *
 * A thread that loses its processor in a batch waits for others' work, not for the library. So each
 * batch is timed by the wall, by the thread's processor time, and by the wall among those in which
 * the thread was not taken off, and among those of them in which it met no page that the kernel had
 * yet to give and clear. What the first touch of a piece of 2 MiB takes by itself stands beside
 * them, and the longest call of lvs_worker_handle_expiry(), which comes between batches when it is
 * due, as in any program: there such pieces are made ready.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <pthread.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "gate.h"
#include "report.h"
#include "site.h"

#define FLOWS 10000000
#define BATCH 256
#define WORKERS_MAX 2
#define GOAL_US 300
#define DUE_BUDGET 64
#define CHUNK ((size_t)2 << 20)
#define CHUNKS 256

static const struct growth {
	const char *name;
	enum lvs_family family;
	enum lvs_method method;
	unsigned workers;
} cases[] = {
	{"growth", LVS_INET, LVS_METHOD_DR, 2},
	{"growth/nat/v6", LVS_INET6, LVS_METHOD_NAT, 2},
	{"growth/alone", LVS_INET, LVS_METHOD_DR, 1},
};

struct figures {
	uint64_t wall_ns; /* of the longest batch, and so below */
	uint64_t cpu_ns;
	uint64_t kept_ns; /* by the wall, of a batch in which the thread kept its processor, */
	uint64_t own_ns;  /* and, besides, met no page that the kernel had yet to give */
	uint64_t due_ns;  /* by the wall, of what was due between batches, the processor kept */
	uint64_t faults;
	uint64_t switches; /* involuntary */
	uint32_t over;     /* batches beyond the goal by the wall, */
	uint32_t over_cpu; /* and by processor time */
};

struct filler {
	pthread_t thread;
	struct site site;
	struct gate *gate;
	unsigned workers; /* that fill */
	uint32_t first;
	uint32_t n;
	struct figures figures;
};

struct moment {
	uint64_t wall;
	uint64_t cpu;
	struct rusage usage;
};

static void look(struct moment *moment)
{
	getrusage(RUSAGE_THREAD, &moment->usage);
	moment->cpu = bench_cpu();
	moment->wall = bench_now();
}

static void longest(uint64_t *of, uint64_t ns)
{
	*of = ns > *of ? ns : *of;
}

static void one_batch(struct filler *filler, unsigned first, unsigned n)
{
	struct figures *figures = &filler->figures;
	struct moment before, after;
	uint64_t wall, cpu;
	uint64_t switches, faults;

	look(&before);
	lvs_worker_process(filler->site.worker, filler->site.packets + first, n, filler->site.now);
	after.wall = bench_now();
	after.cpu = bench_cpu();
	getrusage(RUSAGE_THREAD, &after.usage);
	wall = after.wall - before.wall;
	cpu = after.cpu - before.cpu;
	switches = (uint64_t)(after.usage.ru_nivcsw - before.usage.ru_nivcsw) +
		   (uint64_t)(after.usage.ru_nvcsw - before.usage.ru_nvcsw);
	faults = (uint64_t)(after.usage.ru_minflt - before.usage.ru_minflt);
	longest(&figures->wall_ns, wall);
	longest(&figures->cpu_ns, cpu);
	if (!switches)
		longest(&figures->kept_ns, wall);
	if (!switches && !faults)
		longest(&figures->own_ns, wall);
	figures->faults += faults;
	figures->switches += switches;
	figures->over += wall > GOAL_US * 1000;
	figures->over_cpu += cpu > GOAL_US * 1000;
}

static void handle_due(struct filler *filler)
{
	struct lvs_worker *worker = filler->site.worker;
	struct rusage before, after;
	uint64_t began;

	if (lvs_worker_expiry(worker) > filler->site.now)
		return;
	getrusage(RUSAGE_THREAD, &before);
	began = bench_now();
	lvs_worker_handle_expiry(worker, filler->site.now, DUE_BUDGET);
	began = bench_now() - began;
	getrusage(RUSAGE_THREAD, &after);
	if (before.ru_nivcsw == after.ru_nivcsw && before.ru_nvcsw == after.ru_nvcsw)
		longest(&filler->figures.due_ns, began);
}

static void *fill(void *arg)
{
	struct filler *filler = arg;

	/* As in any program, before there are packets: the first memory is made ready. */
	lvs_worker_handle_expiry(filler->site.worker, filler->site.now, DUE_BUDGET);
	gate_wait(filler->gate, filler->workers);
	for (uint32_t done = 0; done < filler->n; done += SITE_POOL) {
		unsigned n = filler->n - done < SITE_POOL ? filler->n - done : SITE_POOL;

		for (unsigned i = 0; i < n; i++)
			site_make(&filler->site, i, filler->first + done + i, SITE_SYN);
		for (unsigned i = 0; i < n; i += BATCH) {
			one_batch(filler, i, n - i < BATCH ? n - i : BATCH);
			handle_due(filler);
		}
		site_must_be(&filler->site, n, LVS_REASON_SCHEDULED);
	}
	return NULL;
}

static void add(struct figures *sum, const struct figures *figures)
{
	longest(&sum->wall_ns, figures->wall_ns);
	longest(&sum->cpu_ns, figures->cpu_ns);
	longest(&sum->kept_ns, figures->kept_ns);
	longest(&sum->own_ns, figures->own_ns);
	longest(&sum->due_ns, figures->due_ns);
	sum->faults += figures->faults;
	sum->switches += figures->switches;
	sum->over += figures->over;
	sum->over_cpu += figures->over_cpu;
}

/* The floor: us for the first touch of what the library's allocator gives for records. */
static struct spread first_touches(void)
{
	double us[CHUNKS];
	uint8_t *memory = lvs_mem_alloc(&lvs_alloc_libc, CHUNKS * CHUNK, CHUNK);

	if (!memory)
		bench_fail("no memory");
	for (unsigned i = 0; i < CHUNKS; i++) {
		uint64_t began = bench_cpu();

		*(volatile uint8_t *)(memory + i * CHUNK) = 1;
		us[i] = (double)(bench_cpu() - began) / 1000;
	}
	lvs_mem_free(&lvs_alloc_libc, memory, CHUNKS * CHUNK, CHUNK);
	return spread_of(us, CHUNKS);
}

static void print(const struct bench_options *options, const struct growth *growth, uint32_t flows,
		  const struct figures *figures, uint64_t took_ns)
{
	double kept = (double)figures->kept_ns / 1000;
	struct spread touch = first_touches();
	struct report report;

	report_begin(&report, growth->name);
	report_load(&report, flows, growth->workers, BATCH);
	report_value(&report, "longest_stall_us", (double)figures->wall_ns / 1000, 1,
		     "longest batch", "us");
	report_value(&report, "longest_kept_us", kept, 1, "of those that kept their processor",
		     "us");
	report_value(&report, "longest_own_us", (double)figures->own_ns / 1000, 1,
		     "and met no new page", "us");
	report_value(&report, "longest_cpu_us", (double)figures->cpu_ns / 1000, 1,
		     "of processor time", "us");
	report_value(&report, "longest_due_us", (double)figures->due_ns / 1000, 1,
		     "what was due between batches", "us");
	report_value(&report, "over", figures->over, 0, "beyond the goal", "batches");
	report_value(&report, "over_cpu", figures->over_cpu, 0, "by processor time", "");
	report_value(&report, "switches", (double)figures->switches, 0, "taken off the processor",
		     "times");
	report_value(&report, "page_faults", (double)figures->faults, 0, "faults", "");
	report_value(&report, "touch_us", touch.median, 1, "first touch of 2 MiB", "us");
	report_value(&report, "touch_p90_us", touch.p90, 1, "p90", "");
	report_value(&report, "ns_per_conn", (double)took_ns * growth->workers / flows, 1, "",
		     "ns a connection, all in");
	report_goal(&report, "goal_us", (double)figures->wall_ns / 1000, GOAL_US);
	report_goal(&report, "goal_kept_us", kept, GOAL_US);
	report_end(&report, options);
}

static void one_case(const struct bench_options *options, const struct growth *growth)
{
	static struct filler filler[WORKERS_MAX];
	uint32_t flows = options->flows_max < FLOWS ? options->flows_max : FLOWS;
	struct site_conf conf = {.family = growth->family,
				 .method = growth->method,
				 .sched = "rr",
				 .flows = flows,
				 .room = flows};
	struct figures sum = {0};
	struct gate gate = {0};
	struct site owner;
	uint64_t began;

	bench_progress(growth->name, flows);
	site_open(&owner, &conf);
	for (unsigned i = 0; i < growth->workers; i++) {
		filler[i] = (struct filler){
			.gate = &gate,
			.workers = growth->workers,
			.first = flows / growth->workers * i,
			.n = flows / growth->workers,
		};
		site_join(&filler[i].site, &owner);
	}
	began = bench_now();
	for (unsigned i = 0; i < growth->workers; i++)
		if (pthread_create(&filler[i].thread, NULL, fill, &filler[i]))
			bench_fail("no thread");
	for (unsigned i = 0; i < growth->workers; i++) {
		pthread_join(filler[i].thread, NULL);
		add(&sum, &filler[i].figures);
		site_close(&filler[i].site);
	}
	print(options, growth, flows, &sum, bench_now() - began);
	site_close(&owner);
}

void bench_growth(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
