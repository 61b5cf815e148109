/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ftp_text.h"

#include <string.h>

#include "base/addr.h"
#include "base/byteorder.h"

struct reader {
	const uint8_t *data;
	uint32_t len;
	uint32_t at;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Takes a word, written here in lower case. */
static bool take(struct reader *in, const char *word)
{
	uint32_t len = (uint32_t)strlen(word);

	if (in->len - in->at < len)
		return false;
	for (uint32_t i = 0; i < len; i++)
		if (lower(in->data[in->at + i]) != (uint8_t)word[i])
			return false;
	in->at += len;
	return true;
}

/* A decimal number that something follows, so that its end is its end. */
static bool number(struct reader *in, uint32_t max, uint32_t *value)
{
	uint32_t from = in->at;

	for (*value = 0; in->at < in->len && is_digit(in->data[in->at]); in->at++) {
		*value = *value * 10 + (uint32_t)(in->data[in->at] - '0');
		if (*value > max)
			return false;
	}
	return in->at > from && in->at < in->len;
}

/* Forward to a byte that @p is, before the line ends. */
static bool seek(struct reader *in, bool (*is)(uint8_t))
{
	for (; in->at < in->len && in->data[in->at] != '\r' && in->data[in->at] != '\n'; in->at++)
		if (is(in->data[in->at]))
			return true;
	return false;
}

static bool is_parenthesis(uint8_t c)
{
	return c == '(';
}

/* "a,b,c,d,p,p" */
static bool six(struct reader *in, struct lvs_ftp_end *end)
{
	uint8_t byte[6];
	uint32_t value;

	memset(end, 0, sizeof(*end));
	end->at = in->at;
	for (unsigned i = 0; i < 6; i++) {
		if ((i && !take(in, ",")) || !number(in, 255, &value))
			return false;
		byte[i] = (uint8_t)value;
	}
	memcpy(end->addr.byte, byte, 4);
	end->port = lvs_load_be16(byte + 4);
	end->len = in->at - end->at;
	return end->port != 0;
}

/* A delimiter of RFC 2428: the first byte is it. */
static bool delimiter(struct reader *in, uint8_t *what)
{
	if (in->at == in->len || in->data[in->at] < 33 || in->data[in->at] > 126)
		return false;
	*what = in->data[in->at++];
	return true;
}

static bool take_byte(struct reader *in, uint8_t what)
{
	if (in->at == in->len || in->data[in->at] != what)
		return false;
	in->at++;
	return true;
}

static bool port_before(struct reader *in, uint8_t what, lvs_be16 *port)
{
	uint32_t value;

	if (!number(in, UINT16_MAX, &value) || value == 0 || !take_byte(in, what))
		return false;
	*port = lvs_htons(value);
	return true;
}

/* --- Client to server --- */

/* "\r" or " 1\r" */
static bool epsv_rest(struct reader in, unsigned family)
{
	if (take(&in, "\r"))
		return true;
	return take(&in, family == LVS_INET6 ? " 2\r" : " 1\r");
}

enum lvs_ftp_passive lvs_ftp_read_passive(const uint8_t *data, uint32_t len, unsigned family)
{
	for (uint32_t at = 0; at < len; at++) {
		struct reader in = {data, len, at};

		if (family == LVS_INET && take(&in, "pasv\r\n"))
			return LVS_FTP_PASV;
		if (take(&in, "epsv") && epsv_rest(in, family))
			return LVS_FTP_EPSV;
	}
	return LVS_FTP_NONE;
}

/* "|1|192.0.2.7|40000|" */
static bool eprt_rest(struct reader *in, unsigned family, struct lvs_ftp_end *end)
{
	uint32_t from;
	uint8_t what;

	memset(end, 0, sizeof(*end));
	end->at = in->at;
	if (!delimiter(in, &what) || !take(in, family == LVS_INET6 ? "2" : "1") ||
	    !take_byte(in, what))
		return false;
	for (from = in->at; in->at < in->len && in->data[in->at] != what;)
		in->at++;
	if (!lvs_addr_read((const char *)in->data + from, in->at - from, family, &end->addr) ||
	    !take_byte(in, what) || !port_before(in, what, &end->port))
		return false;
	end->len = in->at - end->at;
	return true;
}

bool lvs_ftp_read_active(const uint8_t *data, uint32_t len, unsigned family,
			 struct lvs_ftp_end *end)
{
	struct reader in = {data, len, 0};

	if (family == LVS_INET && take(&in, "port "))
		return six(&in, end);
	return take(&in, "eprt ") && eprt_rest(&in, family, end);
}

/* --- Server to client --- */

bool lvs_ftp_read_227(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end)
{
	struct reader in = {data, len, 0};
	struct reader open;

	if (!take(&in, "227 "))
		return false;
	open = in;
	if (seek(&open, is_parenthesis)) {
		open.at++;
		return six(&open, end);
	}
	return seek(&in, is_digit) && six(&in, end);
}

/* "(|||40000|)" */
bool lvs_ftp_read_229(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end)
{
	struct reader in = {data, len, 0};
	uint8_t what;

	memset(end, 0, sizeof(*end));
	if (!take(&in, "229 ") || !seek(&in, is_parenthesis))
		return false;
	end->at = ++in.at;
	if (!delimiter(&in, &what) || !take_byte(&in, what) || !take_byte(&in, what) ||
	    !port_before(&in, what, &end->port))
		return false;
	end->len = in.at - end->at;
	return take_byte(&in, ')');
}

static uint32_t put_number(uint8_t *text, uint32_t value)
{
	uint8_t digits[5];
	uint32_t n = 0;

	do {
		digits[n++] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value);
	for (uint32_t i = 0; i < n; i++)
		text[i] = digits[n - 1 - i];
	return n;
}

uint32_t lvs_ftp_write_227(uint8_t *text, const union lvs_addr *addr, lvs_be16 port)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < 6; i++) {
		uint32_t value = i < 4    ? addr->byte[i]
				 : i == 4 ? lvs_ntohs(port) / 256u
					  : lvs_ntohs(port) % 256u;

		if (i)
			text[len++] = ',';
		len += put_number(text + len, value);
	}
	return len;
}

uint32_t lvs_ftp_write_229(uint8_t *text, lvs_be16 port)
{
	uint32_t len = 0;

	while (len < 3)
		text[len++] = '|';
	len += put_number(text + len, lvs_ntohs(port));
	text[len++] = '|';
	return len;
}
