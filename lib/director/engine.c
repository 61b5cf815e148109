/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/engine.h"

#include "base/memory.h"
#include "director/candidate.h"
#include "director/frag.h"
#include "packet/parse.h"

/* Its data; @p found NULL: whether a server may begin a connection. */
static enum lvs_reason ask(const struct lvs_packet *packet, const struct lvs_headers *headers,
			   const struct lvs_pe_ops *pe, const struct lvs_flow *flow,
			   struct lvs_found *found)
{
	uint32_t len = headers->len - headers->payload_offset;
	struct lvs_pe_packet shown = {.size = sizeof(shown),
				      .flow = flow,
				      .data = packet->data + headers->payload_offset};

	shown.len = packet->gso_size && packet->gso_size < len ? packet->gso_size : len;
	if (packet->linear_len < headers->payload_offset + shown.len)
		return LVS_REASON_NOT_LINEAR;
	if (!found)
		return pe->conn_out(&shown) ? LVS_REASON_NONE : LVS_REASON_PE_NO_DATA;
	found->len = pe->fill(&shown, found->data);
	return found->len && found->len <= LVS_PE_DATA ? LVS_REASON_NONE : LVS_REASON_PE_NO_DATA;
}

static enum lvs_reason ask_whole(const struct lvs_step *step, const struct lvs_pe_ops *pe,
				 const struct lvs_flow *flow, struct lvs_found *found)
{
	struct lvs_headers headers;
	struct lvs_packet *whole;
	enum lvs_reason reason;
	size_t size;

	/* It had a connection when it was not gathered for that reason. */
	if (!step->pieces)
		return LVS_REASON_FRAGMENT_STRAY;
	whole = lvs_frag_join(step, step->pieces, &size);
	if (!whole)
		return LVS_REASON_FRAGMENT_FULL;
	reason = lvs_packet_parse(whole, &headers);
	if (reason == LVS_REASON_NONE)
		reason = ask(whole, &headers, pe, flow, found);
	lvs_mem_free(&step->worker->director->settings.alloc, whole, size,
		     _Alignof(struct lvs_packet));
	return reason;
}

static enum lvs_reason ask_packet(const struct lvs_step *step, const struct lvs_pe_ops *pe,
				  const struct lvs_flow *flow, struct lvs_found *found)
{
	if (step->headers->flags & LVS_HEADERS_FRAGMENT)
		return ask_whole(step, pe, flow, found);
	return ask(step->packet, step->headers, pe, flow, found);
}

enum lvs_reason lvs_engine_fill(const struct lvs_step *step, const struct lvs_pe_ops *pe,
				const struct lvs_flow *flow, struct lvs_found *found)
{
	/* What an ICMP error quotes is cut off anywhere; the kernel finds nothing in it either. */
	if (step->quoted)
		return LVS_REASON_PE_NO_DATA;
	return ask_packet(step, pe, flow, found);
}

bool lvs_engine_conn_out(const struct lvs_step *step, const struct lvs_pe_ops *pe,
			 const struct lvs_flow *flow)
{
	return ask_packet(step, pe, flow, NULL) == LVS_REASON_NONE;
}

bool lvs_engine_needs_whole(const struct lvs_step *step)
{
	const struct lvs_services *services = step->worker->director->services;
	const struct lvs_flow *flow = &step->headers->flow;
	const struct lvs_service_set *set;
	struct lvs_dest *dest;
	bool asked;

	/* Of other protocols only what opens a connection matters, which is never so long. */
	if (flow->protocol != LVS_UDP)
		return false;
	set = lvs_services_match(services, flow, step->packet->mark);
	asked = set ? set->conf.pe && lvs_is_persistent(set)
		    : lvs_services_speaker(services, flow, &dest) != NULL;
	return asked && !lvs_decide_known(step);
}
