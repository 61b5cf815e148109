/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages from bytes that anybody may have sent. As the kernel reads them: what is unknown is
 * passed over, of what comes twice the last counts, bytes too few for an attribute end the list.
 */
#include "io/ipvs/table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct fault {
	const struct nlattr *attr; /* the first that is wrong; NULL: none */
	const char *text;
	int error;
};

static int fail(struct fault *fault, const struct nlattr *attr, int error, const char *text)
{
	*fault = (struct fault){.attr = attr, .text = text, .error = error};
	return error;
}

static int read_number(const struct nlattr *attr, void *member, size_t size, struct fault *fault)
{
	if (mnl_attr_get_payload_len(attr) < size)
		return fail(fault, attr, -EINVAL, "attribute is too short");
	memcpy(member, mnl_attr_get_payload(attr), size);
	return 0;
}

static int read_narrow(const struct nlattr *attr, void *member, struct fault *fault)
{
	uint32_t narrow;
	uint64_t wide;
	int err = read_number(attr, &narrow, sizeof(narrow), fault);

	if (err)
		return err;
	wide = narrow;
	memcpy(member, &wide, sizeof(wide));
	return 0;
}

static int read_addr(const struct nlattr *attr, union lvs_addr *addr, struct fault *fault)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > sizeof(*addr))
		return fail(fault, attr, -EINVAL, "address is longer than 16 bytes");
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, mnl_attr_get_payload(attr), len);
	return 0;
}

static int read_string(const struct nlattr *attr, char *string, size_t size, struct fault *fault)
{
	const char *payload = mnl_attr_get_payload(attr);
	size_t len = strnlen(payload, mnl_attr_get_payload_len(attr));

	if (len == mnl_attr_get_payload_len(attr))
		return fail(fault, attr, -EINVAL, "string has no end");
	if (len >= size)
		return fail(fault, attr, -EINVAL, "string is too long");
	memset(string, 0, size);
	memcpy(string, payload, len);
	return 0;
}

static void read_text(const struct nlattr *attr, struct lvs_ipvs_message *message)
{
	message->text = mnl_attr_get_payload(attr);
	message->text_len = mnl_attr_get_payload_len(attr);
}

static int read_nest(const struct ipvs_table *table, const struct nlattr *first, size_t len,
		     void *base, struct fault *fault);

/* Of a nest within the first level there is no deeper one than that of statistics. */
static int read_field(const struct ipvs_field *field, const struct nlattr *attr, void *base,
		      struct fault *fault)
{
	void *member = (char *)base + field->offset;

	switch ((enum ipvs_wire)field->wire) {
	case IPVS_U8:
	case IPVS_U16:
	case IPVS_U32:
	case IPVS_U64:
		return read_number(attr, member, field->size, fault);
	case IPVS_NARROW:
		return read_narrow(attr, member, fault);
	case IPVS_FLAGS:
		return read_number(attr, member, sizeof(struct ip_vs_flags), fault);
	case IPVS_ADDR:
		return read_addr(attr, member, fault);
	case IPVS_STRING:
		return read_string(attr, member, field->size, fault);
	case IPVS_TEXT:
		read_text(attr, base);
		return 0;
	case IPVS_NEST:
	case IPVS_STATS:
		break;
	}
	memset(member, 0, field->nest->size); /* it may come twice */
	return read_nest(field->nest, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr),
			 member, fault);
}

/* The longer numbers stand, whichever come first. */
static bool is_shorter(const struct ipvs_field *field, uint32_t given)
{
	return field->wire == IPVS_STATS && given & LVS_IPVS_BIT(IPVS_SVC_ATTR_STATS64);
}

static int read_nest(const struct ipvs_table *table, const struct nlattr *first, size_t len,
		     void *base, struct fault *fault)
{
	const char *end = (const char *)first + len;
	uint32_t given = 0;

	for (const struct nlattr *attr = first; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr)) {
		const struct ipvs_field *field = ipvs_table_find(table, mnl_attr_get_type(attr));
		int err;

		if (!field || is_shorter(field, given))
			continue;
		err = read_field(field, attr, base, fault);
		if (err)
			return err;
		given |= LVS_IPVS_BIT(field->attr);
	}
	memcpy((char *)base + table->given, &given, sizeof(given));
	return 0;
}

/* Says where it lies, as NLMSGERR_ATTR_OFFS does. */
static int tell(const struct nlmsghdr *header, struct lvs_ipvs_message *message,
		const struct fault *fault)
{
	message->text = fault->text;
	message->text_len = (uint32_t)strlen(fault->text);
	if (fault->attr)
		message->bad_attr = (uint32_t)((const char *)fault->attr - (const char *)header);
	return fault->error;
}

static int read_command(const struct nlmsghdr *header, struct lvs_ipvs_message *message)
{
	struct fault fault = {.error = -EINVAL, .text = "message is shorter than its header"};
	struct genlmsghdr genl;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(genl))
		return tell(header, message, &fault);
	memcpy(&genl, mnl_nlmsg_get_payload(header), sizeof(genl));
	message->command = genl.cmd;
	message->version = genl.version;
	if (read_nest(ipvs_table_of(message), mnl_nlmsg_get_payload_offset(header, sizeof(genl)),
		      mnl_nlmsg_get_payload_len(header) - sizeof(genl), ipvs_table_base(message),
		      &fault))
		return tell(header, message, &fault);
	return 0;
}

/* What a server says about an error, behind the request's header or the whole request. */
static void read_sentence(const char *tlvs, size_t len, struct lvs_ipvs_message *message)
{
	const char *end = tlvs + len;
	const struct nlattr *attr = (const struct nlattr *)(const void *)tlvs;

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		size_t payload = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG) {
			read_text(attr, message);
			message->text_len = (uint32_t)strnlen(message->text, payload);
		} else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS && payload >= 4) {
			message->bad_attr = mnl_attr_get_u32(attr);
		}
	}
}

static int read_error(const struct nlmsghdr *header, struct lvs_ipvs_message *message)
{
	struct fault fault = {.error = -EINVAL, .text = "message is shorter than its header"};
	size_t len = mnl_nlmsg_get_payload_len(header);
	const char *payload = mnl_nlmsg_get_payload(header);
	struct nlmsgerr error;
	size_t behind;

	if (len < sizeof(error))
		return tell(header, message, &fault);
	memcpy(&error, payload, sizeof(error));
	message->error = error.error;
	message->of_type = error.msg.nlmsg_type;
	message->of_flags = error.msg.nlmsg_flags;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;
	behind = sizeof(error);
	if (!(header->nlmsg_flags & NLM_F_CAPPED) && error.msg.nlmsg_len > NLMSG_HDRLEN)
		behind += NLMSG_ALIGN((size_t)error.msg.nlmsg_len - NLMSG_HDRLEN);
	if (behind < len)
		read_sentence(payload + behind, len - behind, message);
	return 0;
}

static int read_done(const struct nlmsghdr *header, struct lvs_ipvs_message *message)
{
	if (mnl_nlmsg_get_payload_len(header) >= sizeof(message->error))
		memcpy(&message->error, mnl_nlmsg_get_payload(header), sizeof(message->error));
	return 0;
}

static uint16_t kind_of(uint16_t type, uint16_t ipvs)
{
	if (type == NLMSG_ERROR)
		return LVS_IPVS_ERROR;
	if (type == NLMSG_DONE)
		return LVS_IPVS_DONE;
	if (type == GENL_ID_CTRL)
		return LVS_IPVS_CTRL;
	if (type == ipvs)
		return LVS_IPVS_IPVS;
	return type == LVS_IPVS_FAMILY_LVS ? LVS_IPVS_OWN : LVS_IPVS_OTHER;
}

static int read_message(const struct nlmsghdr *header, uint16_t ipvs,
			struct lvs_ipvs_message *message)
{
	memset(message, 0, sizeof(*message));
	message->type = header->nlmsg_type;
	message->nl_flags = header->nlmsg_flags;
	message->seq = header->nlmsg_seq;
	message->port = header->nlmsg_pid;
	message->kind = kind_of(header->nlmsg_type, ipvs);
	switch (message->kind) {
	case LVS_IPVS_OTHER:
		return 0;
	case LVS_IPVS_ERROR:
		return read_error(header, message);
	case LVS_IPVS_DONE:
		return read_done(header, message);
	default:
		return read_command(header, message);
	}
}

size_t lvs_ipvs_decode(const void *data, size_t len, uint16_t ipvs,
		       struct lvs_ipvs_message *message, int *error)
{
	struct lvs_ipvs_message whole;
	const struct nlmsghdr *header = data;
	uint32_t size = message->size;

	*error = 0;
	if (len < NLMSG_HDRLEN || header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > len)
		return 0;
	if (size >= sizeof(whole)) {
		*error = read_message(header, ipvs, message);
	} else {
		*error = read_message(header, ipvs, &whole);
		memcpy(message, &whole, size);
	}
	message->size = size;
	return NLMSG_ALIGN((size_t)header->nlmsg_len) < len ? NLMSG_ALIGN((size_t)header->nlmsg_len)
							    : len;
}
