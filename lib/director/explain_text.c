/* SPDX-License-Identifier: BSD-2-Clause */
/* An explanation for people: a line for each step of the decision. */
#include <liblvs/explain.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "director/explain_write.h"

#define NS_PER_S UINT64_C(1000000000)

static void write_end(struct lvs_writing *to, const struct lvs_explained_end *end, bool port)
{
	char text[LVS_ENDPOINT_TEXT];

	if (end->family == LVS_UNSPEC)
		lvs_write(to, "none");
	else if (port)
		lvs_write(to, "%s", lvs_endpoint_text(&end->addr, end->family, end->port, text));
	else
		lvs_write(to, "%s", lvs_addr_text(&end->addr, end->family, text));
}

/* Ports where there are any. */
static void write_flow(struct lvs_writing *to, const struct lvs_flow *flow)
{
	const struct lvs_explained_end src = {flow->src, flow->src_port, flow->family, {0}};
	const struct lvs_explained_end dst = {flow->dst, flow->dst_port, flow->family, {0}};
	bool ports = flow->src_port || flow->dst_port;

	write_end(to, &src, ports);
	lvs_write(to, " -> ");
	write_end(to, &dst, ports);
}

static void write_packet(struct lvs_writing *to, const struct lvs_explanation *e)
{
	char protocol[LVS_PROTOCOL_TEXT], flags[LVS_TCP_FLAGS_TEXT];

	lvs_write(to, "packet      ");
	if (!(e->flags & LVS_EXPLAINED_HEADERS)) {
		lvs_write(to, "not one whose connection could be looked for\n");
		return;
	}
	lvs_write(to, "%s ", lvs_write_protocol(e->headers.flow.protocol, protocol));
	write_flow(to, &e->headers.flow);
	lvs_write(to, ", %u bytes, TTL %u", (unsigned)e->headers.len, e->headers.ttl);
	if (e->headers.tcp_flags)
		lvs_write(to, ", %s", lvs_write_tcp_flags(e->headers.tcp_flags, flags));
	if (e->headers.flags & LVS_HEADERS_FRAGMENT)
		lvs_write(to, ", a fragment");
	if (e->mark)
		lvs_write(to, ", mark %u", (unsigned)e->mark);
	lvs_write(to, "\n");
}

static void write_service(struct lvs_writing *to, const struct lvs_explanation *e)
{
	static const char *const why[LVS_MATCHED_N] = {
		[LVS_MATCHED_MARK] = "by the packet's mark",
		[LVS_MATCHED_EXACT] = "by address and port",
		[LVS_MATCHED_FTP] = "the FTP service of the address",
		[LVS_MATCHED_PORT_0] = "the service of every port",
		[LVS_MATCHED_SERVER] = "the packet is a server's of it",
		[LVS_MATCHED_CONN] = "that of the connection",
	};
	char protocol[LVS_PROTOCOL_TEXT], end[LVS_ENDPOINT_TEXT];

	if (e->matched == LVS_MATCHED_NONE || e->matched >= LVS_MATCHED_N)
		return;
	if (e->service.fwmark)
		lvs_write(to, "service     mark %u", (unsigned)e->service.fwmark);
	else
		lvs_write(to, "service     %s %s",
			  lvs_write_protocol(e->service.protocol, protocol),
			  lvs_endpoint_text(&e->service.addr, e->service.family, e->service.port,
					    end));
	lvs_write(to, " (%s)", why[e->matched]);
	if (e->sched)
		lvs_write(to, ", scheduler %s", e->sched);
	if (e->sched && e->service_flags & LVS_SERVICE_PERSISTENT)
		lvs_write(to, ", persistent %u s%s%s", (unsigned)e->timeout_s,
			  e->pe ? ", engine " : "", e->pe ? e->pe : "");
	lvs_write(to, "\n");
}

static void write_conn(struct lvs_writing *to, const char *what, const struct lvs_explained_conn *c,
		       uint64_t now_ns)
{
	lvs_write(to, "%s%u: ", what, (unsigned)c->number);
	write_end(to, &c->client, !(c->flags & LVS_CONN_INFO_TEMPLATE));
	lvs_write(to, " -> ");
	if (c->flags & LVS_CONN_INFO_TEMPLATE && c->protocol == 0)
		lvs_write(to, "mark %u", (unsigned)lvs_ntohl(c->service.addr.word[0]));
	else
		write_end(to, &c->service, true);
	lvs_write(to, " at ");
	write_end(to, &c->dest, true);
	lvs_write(to, ", %s, %llu s left%s\n", c->state,
		  (unsigned long long)(c->expires_ns > now_ns ? (c->expires_ns - now_ns) / NS_PER_S
							      : 0),
		  c->reply ? ", a reply" : "");
}

static void write_dest(struct lvs_writing *to, const struct lvs_explained_dest *dest)
{
	write_end(to, &dest->end, true);
	lvs_write(to, " %s, weight %d, active %u, inactive %u", lvs_write_method(dest->method),
		  (int)dest->weight, (unsigned)dest->active, (unsigned)dest->inactive);
	if (dest->persistent)
		lvs_write(to, ", templates %u", (unsigned)dest->persistent);
	lvs_write(to, "%s%s\n", dest->flags & LVS_EXPLAINED_OVERLOADED ? ", overloaded" : "",
		  dest->flags & LVS_EXPLAINED_REMOVED ? ", removed" : "");
}

static uint32_t listed(const struct lvs_explanation *e)
{
	return e->dest_n < e->dest_max ? e->dest_n : e->dest_max;
}

static void write_candidates(struct lvs_writing *to, const struct lvs_explanation *e)
{
	for (uint32_t i = 0; i < listed(e); i++) {
		lvs_write(to, "%s", i ? "            " : "candidates  ");
		write_dest(to, &e->dests[i]);
	}
	if (e->dest_n > listed(e))
		lvs_write(to, "            %u more\n", (unsigned)(e->dest_n - listed(e)));
	if (!(e->flags & LVS_EXPLAINED_ASKED))
		return;
	lvs_write(to, "scheduler   %s ", e->sched);
	if (e->picked < e->dest_n) {
		lvs_write(to, "picks ");
		write_end(to, &e->dest.end, true);
	} else {
		lvs_write(to, "has none to pick");
	}
	lvs_write(to, "\n");
}

static void write_state(struct lvs_writing *to, const struct lvs_explanation *e)
{
	if (!(e->flags & (LVS_EXPLAINED_BEFORE | LVS_EXPLAINED_AFTER)))
		return;
	lvs_write(to, "state       ");
	if (e->flags & LVS_EXPLAINED_BEFORE)
		lvs_write(to, "%s %s -> ", e->before.name,
			  e->before.active ? "active" : "inactive");
	if (e->flags & LVS_EXPLAINED_AFTER)
		lvs_write(to, "%s %s, %llu s", e->after.name,
			  e->after.active ? "active" : "inactive",
			  (unsigned long long)(e->after.timeout_ns / NS_PER_S));
	lvs_write(to, "\n");
}

static void write_way(struct lvs_writing *to, const struct lvs_explanation *e)
{
	if (!(e->flags & LVS_EXPLAINED_OUT))
		return;
	lvs_write(to, "leaves as   ");
	write_flow(to, &e->out);
	lvs_write(to, ", %u bytes, TTL %u\n", (unsigned)e->len, e->out_ttl);
	if (e->flags & LVS_EXPLAINED_OUTER) {
		lvs_write(to, "inside      ");
		write_end(to, &e->outer[0], false);
		lvs_write(to, " -> ");
		write_end(to, &e->outer[1], false);
		lvs_write(to, ", %u bytes in front\n", (unsigned)e->outer_len);
	}
	if (e->next_hop.family == LVS_UNSPEC)
		return;
	lvs_write(to, "next hop    ");
	write_end(to, &e->next_hop, false);
	lvs_write(to, ", path %u%s\n", (unsigned)e->path,
		  e->cut == LVS_CUT_FRAGMENT  ? ", in fragments"
		  : e->cut == LVS_CUT_SEGMENT ? ", in segments"
					      : "");
}

size_t lvs_explanation_text(const struct lvs_explanation *e, char *text, size_t size)
{
	struct lvs_writing to = {.text = text, .size = size};

	if (size)
		*text = 0;
	write_packet(&to, e);
	if (e->flags & LVS_EXPLAINED_CONN)
		write_conn(&to, "connection  ", &e->conn, e->now_ns);
	write_service(&to, e);
	if (e->flags & LVS_EXPLAINED_TEMPLATE)
		write_conn(&to, "template    ", &e->persistence, e->now_ns);
	write_candidates(&to, e);
	if (e->flags & LVS_EXPLAINED_DEST) {
		lvs_write(&to, "destination ");
		write_dest(&to, &e->dest);
	}
	write_state(&to, e);
	write_way(&to, e);
	if (e->flags & LVS_EXPLAINED_FULL)
		lvs_write(&to, "table       full: %u of %u connections\n", (unsigned)e->conn_n,
			  (unsigned)e->max_conns);
	lvs_write(&to, "verdict     %s: %s, %s\n", lvs_verdict_name(e->verdict),
		  lvs_reason_name(e->reason), lvs_reason_text(e->reason));
	return to.len;
}
