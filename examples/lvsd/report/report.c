/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/report.h"
#include "adapters/xdp.h"
#include "report/conns.h"
#include "report/services.h"

#include <liblvs/list.h>

#include <inttypes.h>

/* On the adapter's clock, of the worker that looked last: a capture file has a time of its own. */
static uint64_t now_ns(const struct lvsd *lvsd)
{
	uint64_t latest = 0;

	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t now = atomic_load_explicit(&lvsd->worker[i].now, memory_order_relaxed);

		latest = now > latest ? now : latest;
	}
	return latest;
}

/* As `ipvsadm -L --timeout`, then what is not as the kernel has it by default. */
static void print_settings(const struct lvsd *lvsd, FILE *out)
{
	const uint32_t *value = lvsd->settings.value;

	fprintf(out, "\nTimeout (tcp tcpfin udp): %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
		value[SETTING_TCP], value[SETTING_TCPFIN], value[SETTING_UDP]);
	for (unsigned i = 0; i < SETTING_TCP; i++)
		if (value[i] != lvsd->kernel.value[i])
			fprintf(out, "Setting %s: %" PRIu32 "\n", setting_name((enum setting)i),
				value[i]);
}

static void print_reasons(const struct lvsd *lvsd, FILE *out)
{
	uint64_t count[LVS_REASON_N];

	lvs_director_reasons(lvsd->director, count, LVS_REASON_N);
	fputs("\nPackets by what became of them\n", out);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		if (count[i])
			fprintf(out, "%-16s %12" PRIu64 "  %s: %s\n", lvs_reason_name(i), count[i],
				lvs_verdict_name(lvs_reason_verdict(i)), lvs_reason_text(i));
}

/* How packets are spread over several. */
static void print_workers(const struct lvsd *lvsd, FILE *out)
{
	fprintf(out, "\nWorker %12s %12s %12s\n", "rx", "tx", "rx_lost");
	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t count[LVS_IO_COUNT_N];

		lvs_io_counts(lvsd->worker[i].io, count, LVS_IO_COUNT_N);
		fprintf(out, "%-6u %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n", i,
			count[LVS_IO_COUNT_rx], count[LVS_IO_COUNT_tx],
			count[LVS_IO_COUNT_rx_lost]);
	}
}

static void print_adapter(const struct lvsd *lvsd, FILE *out)
{
	uint64_t sum[LVS_IO_COUNT_N] = {0};

	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t count[LVS_IO_COUNT_N];

		lvs_io_counts(lvsd->worker[i].io, count, LVS_IO_COUNT_N);
		for (unsigned k = 0; k < LVS_IO_COUNT_N; k++)
			sum[k] += count[k];
	}
	fprintf(out, "\nAdapter %s\n", lvsd->options.io->name);
	for (unsigned i = 0; i < LVS_IO_COUNT_N; i++)
		if (sum[i])
			fprintf(out, "%-16s %12" PRIu64 "  %s\n", lvs_io_counter_name(i), sum[i],
				lvs_io_counter_text(i));
}

void report_print(const struct lvsd *lvsd, FILE *out)
{
	report_services(lvsd->director, out);
	fputc('\n', out);
	report_conns(lvsd->director, now_ns(lvsd), out);
	print_settings(lvsd, out);
	print_reasons(lvsd, out);
	if (lvsd->check.line[0])
		fprintf(out, "\n%s\n", lvsd->check.line);
	if (lvsd->worker_n > 1)
		print_workers(lvsd, out);
	print_adapter(lvsd, out);
	xdp_print(lvsd, out);
	fputc('\n', out);
	fflush(out);
}
