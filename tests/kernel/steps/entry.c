/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>

static void end_write(const struct rule_end *end, FILE *out)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(end->family, end->addr, text, sizeof(text));
	fprintf(out, "%s|%u", text, end->port);
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	default:
		return "?";
	}
}

void entry_service(const struct rule_service *service, const struct rule_options *options,
		   FILE *out)
{
	fputs("text svc ", out);
	if (service->fwmark) {
		fprintf(out, "FWM %u/%d", service->fwmark, service->end.family == AF_INET6 ? 6 : 4);
	} else {
		fprintf(out, "%s ", protocol_name(service->protocol));
		end_write(&service->end, out);
	}
	fprintf(out, " %s flags %x timeout %u mask %x pe %s\n", options->sched, options->flags,
		options->timeout_s,
		service->end.family == AF_INET6 ? options->netmask : ntohl(options->netmask),
		options->pe ? options->pe : "-");
}

void entry_dest(const struct entry_dest *dest, FILE *out)
{
	const struct rule_dest *conf = &dest->conf;

	fputs("text dst ", out);
	end_write(&conf->end, out);
	fprintf(out, " method %u w %d x %u y %u tun %u %u %u conns %u %u %u\n", conf->method,
		conf->weight, conf->upper, conf->lower, conf->tun_type, conf->tun_port,
		conf->tun_flags, dest->active, dest->inactive, dest->persistent);
}

static void five(const char *word, const uint64_t *value, FILE *out)
{
	fprintf(out, "text %s", word);
	for (int i = 0; i < ENTRY_COUNTERS; i++)
		fprintf(out, " %" PRIu64, value[i]);
	putc('\n', out);
}

void entry_counters(const struct entry_stats *stats, FILE *out)
{
	five("cnt", stats->count, out);
}

void entry_rates(const struct entry_stats *stats, FILE *out)
{
	five("rate", stats->rate, out);
}
