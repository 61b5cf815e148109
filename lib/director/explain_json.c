/* SPDX-License-Identifier: BSD-2-Clause */
/* An explanation for programs: one JSON object (RFC 8259). */
#include <liblvs/explain.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "director/explain_write.h"

static void comma(struct lvs_writing *to)
{
	if (to->comma)
		lvs_write(to, ",");
	to->comma = true;
}

static void name(struct lvs_writing *to, const char *key)
{
	comma(to);
	if (key)
		lvs_write(to, "\"%s\":", key);
}

static void open_with(struct lvs_writing *to, const char *key, char bracket)
{
	name(to, key);
	lvs_write(to, "%c", bracket);
	to->comma = false;
}

static void close_with(struct lvs_writing *to, char bracket)
{
	lvs_write(to, "%c", bracket);
	to->comma = true;
}

static void number(struct lvs_writing *to, const char *key, uint64_t value)
{
	name(to, key);
	lvs_write(to, "%llu", (unsigned long long)value);
}

static void boolean(struct lvs_writing *to, const char *key, bool value)
{
	name(to, key);
	lvs_write(to, value ? "true" : "false");
}

/* Names are the embedder's: anything may stand in them. */
static void string(struct lvs_writing *to, const char *key, const char *text)
{
	name(to, key);
	lvs_write(to, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f)
			lvs_write(to, "\\u%04x", c);
		else
			lvs_write(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	lvs_write(to, "\"");
}

static void address(struct lvs_writing *to, const char *key, const union lvs_addr *addr,
		    unsigned family)
{
	char text[LVS_ADDR_TEXT];

	string(to, key, lvs_addr_text(addr, family, text));
}

/* Members of the object that is open. */
static void members_of_end(struct lvs_writing *to, const union lvs_addr *addr, unsigned family,
			   lvs_be16 port)
{
	address(to, "address", addr, family);
	number(to, "port", lvs_ntohs(port));
}

static void end(struct lvs_writing *to, const char *key, const struct lvs_explained_end *e)
{
	if (e->family == LVS_UNSPEC)
		return;
	open_with(to, key, '{');
	members_of_end(to, &e->addr, e->family, e->port);
	close_with(to, '}');
}

static void flow(struct lvs_writing *to, const struct lvs_flow *f)
{
	open_with(to, "source", '{');
	members_of_end(to, &f->src, f->family, f->src_port);
	close_with(to, '}');
	open_with(to, "destination", '{');
	members_of_end(to, &f->dst, f->family, f->dst_port);
	close_with(to, '}');
}

static void protocol(struct lvs_writing *to, unsigned value)
{
	char text[LVS_PROTOCOL_TEXT];

	string(to, "protocol", lvs_write_protocol(value, text));
}

static void packet(struct lvs_writing *to, const struct lvs_explanation *e)
{
	char flags[LVS_TCP_FLAGS_TEXT];

	open_with(to, "packet", '{');
	if (e->flags & LVS_EXPLAINED_HEADERS) {
		protocol(to, e->headers.flow.protocol);
		flow(to, &e->headers.flow);
		number(to, "length", e->headers.len);
		number(to, "ttl", e->headers.ttl);
		if (e->headers.flow.protocol == LVS_TCP)
			string(to, "tcp_flags", lvs_write_tcp_flags(e->headers.tcp_flags, flags));
		boolean(to, "fragment", e->headers.flags & LVS_HEADERS_FRAGMENT);
	}
	number(to, "mark", e->mark);
	close_with(to, '}');
}

static void service(struct lvs_writing *to, const struct lvs_explanation *e)
{
	if (e->matched == LVS_MATCHED_NONE)
		return;
	open_with(to, "service", '{');
	string(to, "match", lvs_matched_name(e->matched));
	if (e->service.fwmark) {
		number(to, "mark", e->service.fwmark);
	} else {
		protocol(to, e->service.protocol);
		members_of_end(to, &e->service.addr, e->service.family, e->service.port);
	}
	if (e->sched) {
		string(to, "scheduler", e->sched);
		number(to, "flags", e->service_flags);
	}
	if (e->sched && e->service_flags & LVS_SERVICE_PERSISTENT)
		number(to, "persistent_s", e->timeout_s);
	if (e->pe)
		string(to, "engine", e->pe);
	close_with(to, '}');
}

static void dest(struct lvs_writing *to, const char *key, const struct lvs_explained_dest *d)
{
	open_with(to, key, '{');
	members_of_end(to, &d->end.addr, d->end.family, d->end.port);
	string(to, "method", lvs_write_method(d->method));
	number(to, "weight", (uint64_t)d->weight);
	number(to, "active", d->active);
	number(to, "inactive", d->inactive);
	number(to, "templates", d->persistent);
	number(to, "upper", d->upper);
	number(to, "lower", d->lower);
	boolean(to, "overloaded", d->flags & LVS_EXPLAINED_OVERLOADED);
	boolean(to, "removed", d->flags & LVS_EXPLAINED_REMOVED);
	close_with(to, '}');
}

static void candidates(struct lvs_writing *to, const struct lvs_explanation *e)
{
	if (e->matched == LVS_MATCHED_NONE || e->matched == LVS_MATCHED_CONN)
		return;
	open_with(to, "candidates", '{');
	number(to, "total", e->dest_n);
	boolean(to, "asked", e->flags & LVS_EXPLAINED_ASKED);
	if (e->picked < e->dest_n)
		number(to, "picked", e->picked);
	open_with(to, "list", '[');
	for (uint32_t i = 0; i < e->dest_n && i < e->dest_max; i++)
		dest(to, NULL, &e->dests[i]);
	close_with(to, ']');
	close_with(to, '}');
}

static void conn(struct lvs_writing *to, const char *key, const struct lvs_explained_conn *c)
{
	open_with(to, key, '{');
	number(to, "number", c->number);
	if (c->protocol)
		protocol(to, c->protocol);
	end(to, "client", &c->client);
	if (c->flags & LVS_CONN_INFO_TEMPLATE && c->protocol == 0)
		number(to, "mark", lvs_ntohl(c->service.addr.word[0]));
	else
		end(to, "service", &c->service);
	end(to, "destination", &c->dest);
	string(to, "state", c->state);
	number(to, "expires_ns", c->expires_ns);
	if (c->controller)
		number(to, "controller", c->controller);
	number(to, "controls", c->control_n);
	boolean(to, "reply", c->reply);
	close_with(to, '}');
}

static void state(struct lvs_writing *to, const char *key, const struct lvs_explained_state *s)
{
	open_with(to, key, '{');
	string(to, "name", s->name);
	boolean(to, "active", s->active);
	number(to, "timeout_ns", s->timeout_ns);
	close_with(to, '}');
}

static void out(struct lvs_writing *to, const struct lvs_explanation *e)
{
	static const char *const cuts[] = {"none", "segment", "fragment"};

	if (!(e->flags & LVS_EXPLAINED_OUT))
		return;
	open_with(to, "out", '{');
	flow(to, &e->out);
	number(to, "length", e->len);
	number(to, "ttl", e->out_ttl);
	if (e->flags & LVS_EXPLAINED_OUTER) {
		open_with(to, "tunnel", '{');
		address(to, "source", &e->outer[0].addr, e->outer[0].family);
		address(to, "destination", &e->outer[1].addr, e->outer[1].family);
		number(to, "length", e->outer_len);
		close_with(to, '}');
	}
	if (e->next_hop.family != LVS_UNSPEC) {
		address(to, "next_hop", &e->next_hop.addr, e->next_hop.family);
		number(to, "path", e->path);
		string(to, "cut", e->cut < LVS_ARRAY_N(cuts) ? cuts[e->cut] : "unknown");
		number(to, "cut_length", e->cut_len);
	}
	close_with(to, '}');
}

static void table(struct lvs_writing *to, const struct lvs_explanation *e)
{
	open_with(to, "table", '{');
	number(to, "connections", e->conn_n);
	number(to, "max_conns", e->max_conns);
	boolean(to, "full", e->flags & LVS_EXPLAINED_FULL);
	close_with(to, '}');
}

size_t lvs_explanation_json(const struct lvs_explanation *e, char *text, size_t size)
{
	struct lvs_writing to = {.text = text, .size = size};

	if (size)
		*text = 0;
	open_with(&to, NULL, '{');
	string(&to, "verdict", lvs_verdict_name(e->verdict));
	string(&to, "reason", lvs_reason_name(e->reason));
	string(&to, "text", lvs_reason_text(e->reason));
	number(&to, "now_ns", e->now_ns);
	packet(&to, e);
	service(&to, e);
	candidates(&to, e);
	if (e->flags & LVS_EXPLAINED_CONN)
		conn(&to, "connection", &e->conn);
	if (e->flags & LVS_EXPLAINED_TEMPLATE)
		conn(&to, "template", &e->persistence);
	if (e->flags & LVS_EXPLAINED_DEST)
		dest(&to, "destination", &e->dest);
	if (e->flags & LVS_EXPLAINED_BEFORE)
		state(&to, "before", &e->before);
	if (e->flags & LVS_EXPLAINED_AFTER)
		state(&to, "after", &e->after);
	out(&to, e);
	table(&to, e);
	close_with(&to, '}');
	return to.len;
}
