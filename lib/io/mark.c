/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that mark packets: a list for each family, addresses as words under masks. */
#include <liblvs/mark.h>

#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"

enum { WORDS_MAX = 4 }; /* of an IPv6 address */

struct prefix {
	uint32_t word[WORDS_MAX];
	uint32_t mask[WORDS_MAX];
};

struct ports {
	uint16_t first, last; /* this machine's order; 0 to 65535 is any */
};

struct rule {
	struct prefix src, dst;
	struct ports src_port, dst_port;
	uint32_t mark;
	uint32_t ifindex; /* 0 any */
	uint8_t protocol; /* 0 any */
	bool has_ports;   /* matches what has ports alone */
};

struct list {
	struct rule *rule;
	unsigned n;
	unsigned words; /* of an address */
};

struct lvs_marks {
	struct list ipv4, ipv6;
	struct rule rules[]; /* of both */
};

static unsigned words_of(unsigned family)
{
	return family == LVS_INET6 ? 4 : 1;
}

/* False where a bit counts that is beyond the length. */
static bool read_prefix(struct prefix *prefix, const union lvs_addr *addr, unsigned len)
{
	for (unsigned i = 0; i < WORDS_MAX; i++) {
		unsigned bits = len > i * 32 ? len - i * 32 : 0;
		uint32_t mask = bits >= 32 ? UINT32_MAX : bits ? ~(UINT32_MAX >> bits) : 0;

		memcpy(&prefix->word[i], addr->byte + (size_t)i * 4, 4);
		prefix->mask[i] = lvs_htonl(mask);
		if (prefix->word[i] & ~prefix->mask[i])
			return false;
	}
	return true;
}

/* False for a last port below the first. */
static bool read_ports(struct ports *ports, unsigned first, unsigned last, bool *has)
{
	bool any = !first && !last;

	ports->first = (uint16_t)first;
	ports->last = any ? UINT16_MAX : (uint16_t)last;
	*has |= !any;
	return ports->first <= ports->last;
}

static int check(const struct lvs_mark_rule *from)
{
	static const uint8_t zero[sizeof(from->reserved)];
	unsigned bits = from->family == LVS_UNSPEC ? 0 : words_of(from->family) * 32;

	if (from->family != LVS_UNSPEC && from->family != LVS_INET && from->family != LVS_INET6)
		return LVS_ERR_FAMILY;
	if (from->src_len > bits || from->dst_len > bits)
		return LVS_ERR_RANGE;
	return memcmp(from->reserved, zero, sizeof(zero)) ? LVS_ERR_INVALID : 0;
}

static int read_rule(struct rule *rule, const struct lvs_mark_rule *from)
{
	int err = check(from);

	if (err)
		return err;
	*rule = (struct rule){
		.mark = from->mark,
		.ifindex = from->ifindex,
		.protocol = from->protocol,
	};
	if (!read_prefix(&rule->src, &from->src, from->src_len) ||
	    !read_prefix(&rule->dst, &from->dst, from->dst_len) ||
	    !read_ports(&rule->src_port, from->src_port, from->src_port_last, &rule->has_ports) ||
	    !read_ports(&rule->dst_port, from->dst_port, from->dst_port_last, &rule->has_ports))
		return LVS_ERR_INVALID;
	return 0;
}

/* Those of a family, in their order, from marks->rules[first] on. */
static int read_list(struct lvs_marks *marks, unsigned first, struct list *list, unsigned family,
		     const struct lvs_mark_rule *rules, unsigned n)
{
	list->rule = marks->rules + first;
	list->words = words_of(family);
	for (unsigned i = 0; i < n; i++) {
		int err = read_rule(&list->rule[list->n], &rules[i]);

		if (err)
			return err;
		if (rules[i].family == family || rules[i].family == LVS_UNSPEC)
			list->n++;
	}
	return 0;
}

int lvs_marks_new(const struct lvs_mark_rule *rules, unsigned n, struct lvs_marks **marks)
{
	struct lvs_marks *made;
	int err;

	if (!marks || (n && !rules))
		return LVS_ERR_INVALID;
	if (n > LVS_MARKS_MAX)
		return LVS_ERR_RANGE;
	/* One more: the place into which a rule of the other family is read last. */
	made = calloc(1, sizeof(*made) + (2 * (size_t)n + 1) * sizeof(made->rules[0]));
	if (!made)
		return LVS_ERR_NO_MEMORY;
	err = read_list(made, 0, &made->ipv4, LVS_INET, rules, n);
	if (!err)
		err = read_list(made, made->ipv4.n, &made->ipv6, LVS_INET6, rules, n);
	if (err) {
		free(made);
		return err;
	}
	*marks = made;
	return 0;
}

void lvs_marks_del(struct lvs_marks *marks)
{
	free(marks);
}

/* What rules are asked about. */
struct question {
	uint32_t src[WORDS_MAX], dst[WORDS_MAX];
	uint32_t ifindex;
	uint16_t src_port, dst_port;
	uint8_t protocol;
	bool has_ports;
};

static bool in_prefix(const struct prefix *prefix, const uint32_t *addr, unsigned words)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < words; i++)
		differ |= (addr[i] & prefix->mask[i]) ^ prefix->word[i];
	return !differ;
}

static bool in_ports(const struct ports *ports, uint16_t port)
{
	return port >= ports->first && port <= ports->last;
}

static bool matches(const struct rule *rule, const struct question *question, unsigned words)
{
	if (!in_prefix(&rule->dst, question->dst, words) ||
	    !in_prefix(&rule->src, question->src, words))
		return false;
	if ((rule->protocol && rule->protocol != question->protocol) ||
	    (rule->ifindex && rule->ifindex != question->ifindex))
		return false;
	return !rule->has_ports ||
	       (question->has_ports && in_ports(&rule->dst_port, question->dst_port) &&
		in_ports(&rule->src_port, question->src_port));
}

static bool protocol_has_ports(uint8_t protocol)
{
	return protocol == LVS_TCP || protocol == LVS_UDP || protocol == LVS_SCTP;
}

static void ask(struct question *question, const struct lvs_packet *packet,
		const struct lvs_headers *headers)
{
	const struct lvs_flow *flow = &headers->flow;

	memcpy(question->src, &flow->src, sizeof(question->src));
	memcpy(question->dst, &flow->dst, sizeof(question->dst));
	question->ifindex = packet->ifindex;
	question->src_port = lvs_ntohs(flow->src_port);
	question->dst_port = lvs_ntohs(flow->dst_port);
	question->protocol = flow->protocol;
	question->has_ports = protocol_has_ports(flow->protocol) &&
			      !(headers->flags & LVS_HEADERS_LATER_FRAGMENT);
}

static void set_one(const struct lvs_marks *marks, struct lvs_packet *packet)
{
	const struct list *list;
	struct lvs_headers headers;
	struct question question;

	if (lvs_packet_parse(packet, &headers) != LVS_REASON_NONE)
		return;
	list = headers.flow.family == LVS_INET6 ? &marks->ipv6 : &marks->ipv4;
	ask(&question, packet, &headers);
	for (unsigned i = 0; i < list->n; i++) {
		if (matches(&list->rule[i], &question, list->words)) {
			packet->mark = list->rule[i].mark;
			return;
		}
	}
}

void lvs_marks_set(const struct lvs_marks *marks, struct lvs_packet *packets, unsigned n)
{
	if (!marks || marks->ipv4.n + marks->ipv6.n == 0)
		return;
	for (unsigned i = 0; i < n; i++)
		set_one(marks, &packets[i]);
}

static bool covers_prefix(const struct prefix *wide, const struct prefix *narrow)
{
	for (unsigned i = 0; i < WORDS_MAX; i++)
		if (wide->mask[i] & ~narrow->mask[i] ||
		    (narrow->word[i] & wide->mask[i]) != wide->word[i])
			return false;
	return true;
}

static bool covers_ports(const struct ports *wide, const struct ports *narrow)
{
	return wide->first <= narrow->first && wide->last >= narrow->last;
}

/* Whether all that `narrow` matches is matched by `wide`. */
static bool covers(const struct rule *wide, const struct rule *narrow)
{
	if ((wide->protocol && wide->protocol != narrow->protocol) ||
	    (wide->ifindex && wide->ifindex != narrow->ifindex) ||
	    (wide->has_ports && !narrow->has_ports))
		return false;
	return covers_prefix(&wide->src, &narrow->src) && covers_prefix(&wide->dst, &narrow->dst) &&
	       covers_ports(&wide->src_port, &narrow->src_port) &&
	       covers_ports(&wide->dst_port, &narrow->dst_port);
}

static bool is_covered(const struct list *list, unsigned number)
{
	for (unsigned i = 0; i < number; i++)
		if (covers(&list->rule[i], &list->rule[number]))
			return true;
	return false;
}

/* Whether a service may take packets that the rule is about. */
static bool is_balanced(const struct rule *rule)
{
	if (rule->has_ports)
		return !rule->protocol || protocol_has_ports(rule->protocol);
	return !rule->protocol || protocol_has_ports(rule->protocol) || rule->protocol == LVS_AH ||
	       rule->protocol == LVS_ESP;
}

bool lvs_marks_reach(const struct lvs_marks *marks, enum lvs_family family, uint32_t mark)
{
	const struct list *list;

	if (!marks)
		return false;
	list = family == LVS_INET6 ? &marks->ipv6 : &marks->ipv4;
	for (unsigned i = 0; i < list->n; i++)
		if (list->rule[i].mark == mark && is_balanced(&list->rule[i]) &&
		    !is_covered(list, i))
			return true;
	return false;
}
