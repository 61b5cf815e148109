/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ipvs/table.h"

#include <stdbool.h>
#include <string.h>

struct room {
	struct nlmsghdr *header;
	size_t size;
};

static bool put_bytes(const struct room *room, uint16_t attr, const void *bytes, size_t len)
{
	return len <= UINT16_MAX - MNL_ATTR_HDRLEN &&
	       mnl_attr_put_check(room->header, room->size, attr, len, bytes);
}

static bool put_narrow(const struct room *room, uint16_t attr, const void *member)
{
	uint64_t wide;
	uint32_t narrow;

	memcpy(&wide, member, sizeof(wide));
	narrow = (uint32_t)wide; /* its lower half, as the kernel's */
	return put_bytes(room, attr, &narrow, sizeof(narrow));
}

/* Of at most `max` characters, and ended by 0. */
static bool put_string(const struct room *room, uint16_t attr, const char *string, size_t max)
{
	char ended[LVS_PE_DATA + 1];
	size_t len = strnlen(string, max < sizeof(ended) ? max : sizeof(ended) - 1);

	memcpy(ended, string, len);
	ended[len] = '\0';
	return put_bytes(room, attr, ended, len + 1);
}

static bool put_table(const struct room *room, const struct ipvs_table *table, const void *base);

static bool put_nest(const struct room *room, const struct ipvs_field *field, const void *member)
{
	struct nlattr *nest = mnl_attr_nest_start_check(room->header, room->size, field->attr);

	if (!nest || !put_table(room, field->nest, member))
		return false;
	mnl_attr_nest_end(room->header, nest);
	return true;
}

static bool put_field(const struct room *room, const struct ipvs_field *field, const void *base)
{
	const char *member = (const char *)base + field->offset;
	const struct lvs_ipvs_message *message = base; /* IPVS_TEXT's */

	switch ((enum ipvs_wire)field->wire) {
	case IPVS_U8:
	case IPVS_U16:
	case IPVS_U32:
	case IPVS_U64:
	case IPVS_ADDR:
		return put_bytes(room, field->attr, member, field->size);
	case IPVS_FLAGS:
		return put_bytes(room, field->attr, member, sizeof(struct ip_vs_flags));
	case IPVS_NARROW:
		return put_narrow(room, field->attr, member);
	case IPVS_STRING:
		return put_string(room, field->attr, member, field->size - 1u);
	case IPVS_TEXT:
		return put_bytes(room, field->attr, message->text, message->text_len);
	case IPVS_NEST:
	case IPVS_STATS:
		break;
	}
	return put_nest(room, field, member);
}

static bool put_table(const struct room *room, const struct ipvs_table *table, const void *base)
{
	uint32_t given;

	memcpy(&given, (const char *)base + table->given, sizeof(given));
	for (unsigned i = 0; i < table->n; i++)
		if (given & LVS_IPVS_BIT(table->field[i].attr) &&
		    !put_field(room, &table->field[i], base))
			return false;
	return true;
}

/* As mnl_nlmsg_put_extra_header(), which does not look how much room there is. */
static void *put_extra(const struct room *room, size_t len)
{
	char *extra = (char *)room->header + room->header->nlmsg_len;

	if (room->header->nlmsg_len + NLMSG_ALIGN(len) > room->size)
		return NULL;
	room->header->nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
	memset(extra, 0, NLMSG_ALIGN(len));
	return extra;
}

static uint8_t version_of(const struct lvs_ipvs_message *message)
{
	static const uint8_t versions[] = {[LVS_IPVS_IPVS] = IPVS_GENL_VERSION,
					   [LVS_IPVS_OWN] = LVS_IPVS_LVS_VERSION,
					   [LVS_IPVS_CTRL] = 2};

	if (message->version)
		return message->version;
	return message->kind < sizeof(versions) ? versions[message->kind] : IPVS_GENL_VERSION;
}

static bool put_command(const struct room *room, const struct lvs_ipvs_message *message)
{
	struct genlmsghdr genl = {.cmd = message->command, .version = version_of(message)};
	void *extra = put_extra(room, sizeof(genl));

	if (!extra)
		return false;
	memcpy(extra, &genl, sizeof(genl));
	if (message->kind == LVS_IPVS_CTRL)
		return put_table(room, &ipvs_ctrl_table, &message->family);
	return put_table(room, ipvs_table_of(message), message);
}

static bool put_error(const struct room *room, const struct lvs_ipvs_message *message)
{
	struct nlmsgerr error = {.error = message->error};
	void *extra = put_extra(room, sizeof(error));

	if (!extra)
		return false;
	error.msg.nlmsg_len = NLMSG_HDRLEN;
	error.msg.nlmsg_type = message->of_type;
	error.msg.nlmsg_flags = message->of_flags;
	error.msg.nlmsg_seq = message->seq;
	error.msg.nlmsg_pid = message->port;
	memcpy(extra, &error, sizeof(error));
	room->header->nlmsg_flags |= NLM_F_CAPPED;
	if (message->text_len || message->bad_attr)
		room->header->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (message->bad_attr && !put_bytes(room, NLMSGERR_ATTR_OFFS, &message->bad_attr, 4))
		return false;
	return !message->text_len ||
	       put_string(room, NLMSGERR_ATTR_MSG, message->text, message->text_len);
}

static bool put_done(const struct room *room, const struct lvs_ipvs_message *message)
{
	void *extra = put_extra(room, sizeof(message->error));

	if (!extra)
		return false;
	memcpy(extra, &message->error, sizeof(message->error));
	return true;
}

static uint16_t type_of(const struct lvs_ipvs_message *message)
{
	switch (message->kind) {
	case LVS_IPVS_IPVS:
		return LVS_IPVS_FAMILY;
	case LVS_IPVS_OWN:
		return LVS_IPVS_FAMILY_LVS;
	case LVS_IPVS_CTRL:
		return GENL_ID_CTRL;
	default:
		return message->kind == LVS_IPVS_DONE ? NLMSG_DONE : NLMSG_ERROR;
	}
}

static bool put_message(const struct room *room, const struct lvs_ipvs_message *message)
{
	memset(room->header, 0, NLMSG_HDRLEN);
	room->header->nlmsg_len = NLMSG_HDRLEN;
	room->header->nlmsg_type = message->type ? message->type : type_of(message);
	room->header->nlmsg_flags = message->nl_flags;
	room->header->nlmsg_seq = message->seq;
	room->header->nlmsg_pid = message->port;
	switch (message->kind) {
	case LVS_IPVS_ERROR:
		return put_error(room, message);
	case LVS_IPVS_DONE:
		return put_done(room, message);
	case LVS_IPVS_OTHER:
		return true;
	default:
		return put_command(room, message);
	}
}

size_t lvs_ipvs_encode(void *buffer, size_t size, const struct lvs_ipvs_message *message)
{
	struct room room = {.header = buffer, .size = size};
	struct lvs_ipvs_message whole;

	if (size < NLMSG_HDRLEN)
		return 0;
	if (message->size < sizeof(whole)) {
		memset(&whole, 0, sizeof(whole));
		memcpy(&whole, message, message->size);
		message = &whole;
	}
	return put_message(&room, message) ? room.header->nlmsg_len : 0;
}
