/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's files below /proc/net, for programs that read them: ipvsadm lists connections so.
 * In parts of whole lines.
 */
#include "io/ipvs/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PART = 12288,        /* bytes of a message */
	LONGEST_LINE = 1024, /* no line is longer */
	NS_PER_S = 1000000000,
};

struct part {
	char *text;
	size_t len;
};

/* A file: its head, and its lines. */
struct ipvs_text {
	const char *name;
	const char *head;
	/* Appends the next line: 1, 0 behind the last, or a negative errno. */
	int (*line)(struct lvs_ipvs_session *session, struct part *part);
};

__attribute__((format(printf, 2, 3))) static void append(struct part *part, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(part->text + part->len, PART - part->len, format, args);
	va_end(args);
	if (n > 0)
		part->len += (size_t)n < PART - part->len ? (size_t)n : PART - part->len - 1;
}

static void append_addr(struct part *part, unsigned family, const union lvs_addr *addr,
			bool brackets)
{
	const uint8_t *b = addr->byte;
	char text[8 * 5 + 1]; /* the last colon goes */

	if (family != LVS_INET6) {
		append(part, "%08" PRIX32, ntohl(addr->word[0]));
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		snprintf(text + (size_t)i * 5, 6, "%02x%02x:", b[2 * i], b[2 * i + 1]);
	text[39] = '\0';
	append(part, brackets ? "[%s]" : "%s", text);
}

static const char *protocol_name(unsigned protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return "TCP";
	case LVS_UDP:
		return "UDP";
	case LVS_SCTP:
		return "SCTP";
	case LVS_AH:
		return "AH";
	case LVS_ESP:
		return "ESP";
	default:
		return "IP";
	}
}

static void append_conn(struct part *part, const struct lvs_conn_info *info)
{
	append(part, "%-3s ", protocol_name(info->protocol));
	append_addr(part, info->family, &info->client, false);
	append(part, " %04X ", ntohs(info->client_port));
	append_addr(part, info->family, &info->service, false);
	append(part, " %04X ", ntohs(info->service_port));
	append_addr(part, info->dest_family, &info->dest, false);
	append(part, " %04X %-11s", ntohs(info->dest_port), info->state);
}

static int next_conn(struct lvs_ipvs_session *session, struct lvs_conn_info *info, uint64_t *left_s)
{
	uint64_t now = ipvs_now(session);
	int more =
		lvs_director_next_conn(session->server.director, NULL, &session->dump.cursor, info);

	if (more == 1)
		*left_s = info->expires_ns > now ? (info->expires_ns - now) / NS_PER_S : 0;
	return more;
}

static int conn_line(struct lvs_ipvs_session *session, struct part *part)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	uint64_t left_s = 0;
	int more = next_conn(session, &info, &left_s);

	if (more != 1)
		return more;
	append_conn(part, &info);
	append(part, " %7" PRIu64, left_s);
	if (info.pe)
		append(part, " %s %s", info.pe, info.pe_data);
	append(part, "\n");
	return 1;
}

static int sync_line(struct lvs_ipvs_session *session, struct part *part)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	uint64_t left_s = 0;
	int more = next_conn(session, &info, &left_s);

	if (more != 1)
		return more;
	append_conn(part, &info);
	append(part, " LOCAL  %7" PRIu64 "\n", left_s);
	return 1;
}

static const char *method_name(uint32_t method)
{
	switch (method) {
	case LVS_METHOD_LOCAL:
		return "Local";
	case LVS_METHOD_TUNNEL:
		return "Tunnel";
	case LVS_METHOD_DR:
		return "Route";
	default:
		return "Masq";
	}
}

static void append_service(struct part *part, const struct lvs_service_info *info)
{
	const struct lvs_service_key *key = &info->key;

	if (key->fwmark) {
		append(part, "FWM  %08X", key->fwmark);
	} else {
		append(part, "%-4s ", protocol_name(key->protocol));
		append_addr(part, key->family, &key->addr, true);
		append(part, ":%04X", ntohs(key->port));
	}
	append(part, " %s %s%s", info->conf.sched ? info->conf.sched->name : "wlc",
	       info->conf.flags & LVS_SERVICE_ONE_PACKET ? "ops " : "", key->fwmark ? "" : " ");
	if (info->conf.flags & LVS_SERVICE_PERSISTENT)
		/* in jiffies, as the kernel; 250 a second is the common number */
		append(part, "persistent %" PRIu64 " %08X", (uint64_t)info->conf.timeout_s * 250,
		       ntohl(info->conf.netmask));
	append(part, "\n");
}

static void append_dest(struct part *part, const struct lvs_dest_info *info)
{
	append(part, "  -> ");
	append_addr(part, info->key.family, &info->key.addr, true);
	append(part, ":%04X      %-7s %-6d %-10u %-10u\n", ntohs(info->key.port),
	       method_name(info->conf.method), info->conf.weight, info->active, info->inactive);
}

/* The next destination of the service whose line was last, or the next service. */
static int rule_line(struct lvs_ipvs_session *session, struct part *part)
{
	const struct lvs_director *director = session->server.director;
	struct ipvs_dump *dump = &session->dump;
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_dest_info dest = {.size = sizeof(dest)};
	int more;

	if (dump->service.family &&
	    lvs_director_next_dest(director, &dump->service, &dump->dests, &dest) == 1) {
		append_dest(part, &dest);
		return 1;
	}
	more = lvs_director_next_service(director, &dump->cursor, &service);
	if (more != 1)
		return more;
	dump->service = service.key;
	memset(&dump->dests, 0, sizeof(dump->dests));
	append_service(part, &service);
	return 1;
}

static int stats_line(struct lvs_ipvs_session *session, struct part *part)
{
	struct lvs_totals totals = {.size = sizeof(totals)};
	const struct lvs_stats *sum = &totals.stats;
	const struct lvs_rates *rates = &totals.rates;

	if (session->dump.index++)
		return 0;
	if (lvs_director_totals(session->server.director, &totals))
		return -EIO;
	append(part, "%8" PRIX64 " %8" PRIX64 " %8" PRIX64 " %16" PRIX64 " %16" PRIX64 "\n\n",
	       sum->conns, sum->in_pkts, sum->out_pkts, sum->in_bytes, sum->out_bytes);
	append(part, " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n");
	append(part, "%8" PRIX64 " %8" PRIX64 " %8" PRIX64 " %16" PRIX64 " %16" PRIX64 "\n",
	       rates->conns, rates->in_pkts, rates->out_pkts, rates->in_bytes, rates->out_bytes);
	return 1;
}

static int no_line(struct lvs_ipvs_session *session, struct part *part)
{
	(void)session;
	(void)part;
	return 0;
}

static const struct ipvs_text texts[] = {
	{"ip_vs",
	 "IP Virtual Server version 1.2.1 (size=4096)\n"
	 "Prot LocalAddress:Port Scheduler Flags\n"
	 "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n",
	 rule_line},
	{"ip_vs_conn",
	 "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n",
	 conn_line},
	{"ip_vs_conn_sync",
	 "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n", sync_line},
	{"ip_vs_stats",
	 "   Total Incoming Outgoing         Incoming         Outgoing\n"
	 "   Conns  Packets  Packets            Bytes            Bytes\n",
	 stats_line},
	{"ip_vs_app", "prot port    usecnt name\n", no_line},
};

/* As many lines as a part has room for. */
static int next_part(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	const struct ipvs_text *text = session->dump.text;
	struct part part = {.text = session->text};
	int more = 1;

	if (!session->dump.begun) {
		session->dump.begun = true;
		append(&part, "%s", text->head);
	}
	while (PART - part.len > LONGEST_LINE && (more = text->line(session, &part)) == 1)
		;
	if (more < 0)
		return more;
	if (!part.len)
		return 0;
	message->given = IPVS_OWN(TEXT);
	message->text = part.text;
	message->text_len = (uint32_t)part.len;
	return 1;
}

int ipvs_dump_text(struct lvs_ipvs_session *session)
{
	struct ipvs_dump *dump = &session->dump;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i].name, session->message.name))
			dump->text = &texts[i];
	if (!dump->text)
		return ipvs_fail(session, -ENOENT, "no file has the name \"%s\"",
				 session->message.name);
	free(session->text); /* of another request in this datagram */
	session->text = malloc(PART);
	if (!session->text)
		return ipvs_fail(session, -ENOMEM, "out of memory");
	dump->head = ipvs_answer_head(session, LVS_IPVS_GET_TEXT);
	dump->next = next_part;
	return 0;
}
