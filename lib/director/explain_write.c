/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/explain_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <liblvs/forward.h>

void lvs_write(struct lvs_writing *to, const char *format, ...)
{
	bool room = to->len < to->size;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(room ? to->text + to->len : NULL, room ? to->size - to->len : 0, format,
			args);
	va_end(args);
	to->len += len > 0 ? (size_t)len : 0;
}

const char *lvs_write_protocol(unsigned protocol, char *text)
{
	static const struct {
		unsigned protocol;
		const char *name;
	} names[] = {
		{LVS_ICMP, "icmp"}, {LVS_TCP, "tcp"}, {LVS_UDP, "udp"},       {LVS_ESP, "esp"},
		{LVS_AH, "ah"},     {LVS_GRE, "gre"}, {LVS_ICMPV6, "icmpv6"}, {LVS_SCTP, "sctp"},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(names); i++)
		if (names[i].protocol == protocol)
			return names[i].name;
	snprintf(text, LVS_PROTOCOL_TEXT, "%u", protocol);
	return text;
}

const char *lvs_write_tcp_flags(unsigned flags, char *text)
{
	static const char names[8][4] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	char *at = text;

	*at = 0;
	for (unsigned i = 0; i < 8; i++) {
		if (!(flags >> i & 1))
			continue;
		if (at != text)
			*at++ = '|';
		memcpy(at, names[i], sizeof(names[i]));
		at += 3;
	}
	return text;
}

const char *lvs_write_method(unsigned method)
{
	const struct lvs_forward_ops *ops = lvs_forward_find((enum lvs_method)method);

	return ops ? ops->name : "custom";
}
