/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/mark_reach.h"

bool mark_reach_gives(const struct rule_mark *mark, const struct lvs_service_key *service)
{
	const struct lvs_mark_rule *rule = &mark->rule;

	return service->fwmark && rule->mark == service->fwmark &&
	       (rule->family == LVS_UNSPEC || rule->family == service->family);
}

static unsigned bits_of(const struct rule_mark *mark)
{
	return mark->rule.family == LVS_INET6 ? 128 : 32;
}

unsigned mark_reach_addrs(const struct rule_mark *mark)
{
	unsigned free_bits = bits_of(mark) - mark->rule.dst_len;

	return mark->rule.family == LVS_UNSPEC || free_bits > 8 ? 0 : 1u << free_bits;
}

union lvs_addr mark_reach_addr(const struct rule_mark *mark, unsigned i)
{
	union lvs_addr addr = mark->rule.dst;

	addr.byte[bits_of(mark) / 8 - 1] |= (uint8_t)i;
	return addr;
}

const struct rule_mark *mark_reach_too_wide(const struct rules *rules)
{
	for (size_t i = 0; i < rules->mark_n; i++)
		for (size_t k = 0; k < rules->service_n; k++)
			if (mark_reach_gives(&rules->mark[i], &rules->service[k].key) &&
			    !mark_reach_addrs(&rules->mark[i]))
				return &rules->mark[i];
	return NULL;
}
