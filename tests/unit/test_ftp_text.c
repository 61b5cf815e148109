/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ftp_text.h"

#include <stdio.h>

#include "base/addr.h"
#include "packet_rig.h"
#include "unit.h"

#define N(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static const struct {
	unsigned family;
	const char *text;
	enum lvs_ftp_passive passive;
} passive_rows[] = {
	{LVS_INET, "PASV\r\n", LVS_FTP_PASV},
	{LVS_INET, "pAsV\r\n", LVS_FTP_PASV},
	{LVS_INET, "NOOP\r\nPASV\r\nLIST\r\n", LVS_FTP_PASV},
	{LVS_INET, "xPASV\r\n", LVS_FTP_PASV},
	{LVS_INET, "PASV", LVS_FTP_NONE},
	{LVS_INET, "PASV\r", LVS_FTP_NONE},
	{LVS_INET, "PASV\n", LVS_FTP_NONE},
	{LVS_INET, "PASV \r\n", LVS_FTP_NONE},
	{LVS_INET6, "PASV\r\n", LVS_FTP_NONE},
	{LVS_INET, "EPSV\r\n", LVS_FTP_EPSV},
	{LVS_INET, "epsv\r", LVS_FTP_EPSV},
	{LVS_INET, "EPSV 1\r\n", LVS_FTP_EPSV},
	{LVS_INET, "EPSV 2\r\n", LVS_FTP_NONE},
	{LVS_INET, "EPSV 1", LVS_FTP_NONE},
	{LVS_INET, "EPSV", LVS_FTP_NONE},
	{LVS_INET, "EPSV\n", LVS_FTP_NONE},
	{LVS_INET, "EPSV ALL\r\n", LVS_FTP_NONE},
	{LVS_INET6, "EPSV\r\n", LVS_FTP_EPSV},
	{LVS_INET6, "EPSV 2\r\n", LVS_FTP_EPSV},
	{LVS_INET6, "EPSV 1\r\n", LVS_FTP_NONE},
	{LVS_INET, "EPSV\r\nPASV\r\n", LVS_FTP_EPSV},
	{LVS_INET, "PASV\r\nEPSV\r\n", LVS_FTP_PASV},
	{LVS_INET, "USER anonymous\r\n", LVS_FTP_NONE},
	{LVS_INET, "", LVS_FTP_NONE},
};

START_TEST(test_passive)
{
	const char *text = passive_rows[_i].text;

	ck_assert_int_eq(lvs_ftp_read_passive((const uint8_t *)text, (uint32_t)strlen(text),
					      passive_rows[_i].family),
			 passive_rows[_i].passive);
}
END_TEST

typedef bool (*read_fn)(const uint8_t *, uint32_t, struct lvs_ftp_end *);

static bool read_active4(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end)
{
	return lvs_ftp_read_active(data, len, LVS_INET, end);
}

static bool read_active6(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end)
{
	return lvs_ftp_read_active(data, len, LVS_INET6, end);
}

static const struct {
	read_fn read;
	const char *text;
	const char *addr; /* NULL: there is none to be read; "": no address */
	unsigned port;
	const char *place; /* what is written there */
} end_rows[] = {
	{read_active4, "PORT 192,0,2,7,156,64\r\n", "192.0.2.7", 40000, "192,0,2,7,156,64"},
	{read_active4, "port 0,0,0,1,0,1\n", "0.0.0.1", 1, "0,0,0,1,0,1"},
	{read_active4, "PORT 255,255,255,255,255,255\r\n", "255.255.255.255", 65535,
	 "255,255,255,255,255,255"},
	{read_active4, "PORT 192,000,002,007,156,064\r\n", "192.0.2.7", 40000,
	 "192,000,002,007,156,064"},
	{read_active4, "PORT 192,0,2,7,156,64", NULL, 0, ""},
	{read_active4, "PORT 192,0,2,7,156", NULL, 0, ""},
	{read_active4, "PORT 192,0,2,256,156,64\r\n", NULL, 0, ""},
	{read_active4, "PORT 192,0,2,7,0,0\r\n", NULL, 0, ""},
	{read_active4, "PORT 192,0,2,7,,64\r\n", NULL, 0, ""},
	{read_active4, "PORT  192,0,2,7,156,64\r\n", NULL, 0, ""},
	{read_active4, "PORT 4294967488,0,2,7,156,64\r\n", NULL, 0, ""},
	{read_active4, " PORT 192,0,2,7,156,64\r\n", NULL, 0, ""},
	{read_active4, "NOOP\r\nPORT 192,0,2,7,156,64\r\n", NULL, 0, ""},
	{read_active6, "PORT 192,0,2,7,156,64\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2.7|40000|\r\n", "192.0.2.7", 40000, "|1|192.0.2.7|40000|"},
	{read_active4, "eprt !1!192.0.2.7!1!", "192.0.2.7", 1, "!1!192.0.2.7!1!"},
	{read_active4, "EPRT ~1~192.0.2.7~65535~\r\n", "192.0.2.7", 65535, "~1~192.0.2.7~65535~"},
	{read_active4, "EPRT |2|2001:db8::7|40000|\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2.7|65536|\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2.7|0|\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2.7|40000\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2.7|", NULL, 0, ""},
	{read_active4, "EPRT |1|192.0.2|40000|\r\n", NULL, 0, ""},
	{read_active4, "EPRT |1!192.0.2.7!40000!\r\n", NULL, 0, ""},
	{read_active4, "EPRT  1 192.0.2.7 40000 \r\n", NULL, 0, ""},
	{read_active4,
	 "EPRT \177"
	 "1\177"
	 "192.0.2.7\177"
	 "40000\177\r\n",
	 NULL, 0, ""},
	{read_active4, "EPRT ", NULL, 0, ""},
	{read_active4, "EPRT |1|", NULL, 0, ""},
	{read_active6, "EPRT |2|2001:db8::7|40000|\r\n", "2001:db8::7", 40000,
	 "|2|2001:db8::7|40000|"},
	{read_active6, "EPRT |1|192.0.2.7|40000|\r\n", NULL, 0, ""},
	{lvs_ftp_read_227, "227 Entering Passive Mode (192,0,2,7,156,64).\r\n", "192.0.2.7", 40000,
	 "192,0,2,7,156,64"},
	{lvs_ftp_read_227, "227 Entering Passive Mode 192,0,2,7,156,64\r\n", "192.0.2.7", 40000,
	 "192,0,2,7,156,64"},
	{lvs_ftp_read_227, "227 =192,0,2,7,156,64\r\n", "192.0.2.7", 40000, "192,0,2,7,156,64"},
	{lvs_ftp_read_227, "227 (192,0,2,7,156,64)", "192.0.2.7", 40000, "192,0,2,7,156,64"},
	{lvs_ftp_read_227, "227 Entering Passive Mode (192,0,2,7,156,64", NULL, 0, ""},
	{lvs_ftp_read_227, "227 Entering Passive Mode (192,0,2,7,156\r\n", NULL, 0, ""},
	{lvs_ftp_read_227, "227 Entering Passive Mode\r\n(192,0,2,7,156,64)\r\n", NULL, 0, ""},
	{lvs_ftp_read_227, "227-Entering\r\n227 (192,0,2,7,156,64)\r\n", NULL, 0, ""},
	{lvs_ftp_read_227, "227", NULL, 0, ""},
	{lvs_ftp_read_227, "227 ", NULL, 0, ""},
	{lvs_ftp_read_227, "227 no\r\n", NULL, 0, ""},
	{lvs_ftp_read_227, "226 (192,0,2,7,156,64)\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 Entering Extended Passive Mode (|||40000|)\r\n", "", 40000,
	 "|||40000|"},
	{lvs_ftp_read_229, "229 (!!!1!)", "", 1, "!!!1!"},
	{lvs_ftp_read_229, "229 |||40000|\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (|||40000|\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (||40000|)\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (|||65536|)\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (|||0|)\r\n", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (|||400", NULL, 0, ""},
	{lvs_ftp_read_229, "229 (", NULL, 0, ""},
	{lvs_ftp_read_229, "227 (|||40000|)\r\n", NULL, 0, ""},
};

START_TEST(test_ends)
{
	const char *text = end_rows[_i].text, *want = end_rows[_i].addr;
	uint32_t len = (uint32_t)strlen(text);
	struct lvs_ftp_end end;
	char addr[LVS_ADDR_TEXT] = "";

	ck_assert_int_eq(end_rows[_i].read((const uint8_t *)text, len, &end), want != NULL);
	if (!want)
		return;
	if (*want)
		lvs_addr_text(&end.addr, strchr(want, ':') ? LVS_INET6 : LVS_INET, addr);
	ck_assert_str_eq(addr, want);
	ck_assert_uint_eq(end.port, rig_port(end_rows[_i].port));
	ck_assert_uint_eq(end.len, strlen(end_rows[_i].place));
	ck_assert_mem_eq(text + end.at, end_rows[_i].place, end.len);
}
END_TEST

/* Cut anywhere, a text says the same or nothing. */
START_TEST(test_cut)
{
	const char *text = end_rows[_i].text;
	struct lvs_ftp_end whole, end;

	if (!end_rows[_i].read((const uint8_t *)text, (uint32_t)strlen(text), &whole))
		return;
	for (uint32_t len = 0; len < strlen(text); len++)
		if (end_rows[_i].read((const uint8_t *)text, len, &end))
			ck_assert_mem_eq(&end, &whole, sizeof(end));
}
END_TEST

START_TEST(test_write)
{
	static const union lvs_addr low = {.byte = {0, 0, 0, 1}};
	static const union lvs_addr high = {.byte = {255, 255, 255, 255}};
	uint8_t text[LVS_FTP_TEXT + 1] = "";
	struct lvs_ftp_end end;
	char line[64];

	ck_assert_uint_eq(lvs_ftp_write_227(text, &low, rig_port(1)), 11);
	ck_assert_mem_eq(text, "0,0,0,1,0,1", 11);
	ck_assert_uint_eq(lvs_ftp_write_227(text, &high, 0xffff), LVS_FTP_TEXT);
	ck_assert_mem_eq(text, "255,255,255,255,255,255", LVS_FTP_TEXT);
	ck_assert_uint_eq(lvs_ftp_write_229(text, 0xffff), 9);
	ck_assert_mem_eq(text, "|||65535|", 9);
	/* what is written is read */
	for (unsigned port = 1; port < 65536; port += 77) {
		union lvs_addr addr = rig_addr4(port % 251, port / 256, port % 256, 9);
		uint32_t len = lvs_ftp_write_227(text, &addr, rig_port(port));

		text[len] = 0;
		snprintf(line, sizeof(line), "227 (%s)", (const char *)text);
		ck_assert(lvs_ftp_read_227((const uint8_t *)line, (uint32_t)strlen(line), &end));
		ck_assert_mem_eq(&end.addr, &addr, sizeof(addr));
		ck_assert_uint_eq(end.port, rig_port(port));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ftp_text");

	tcase_add_loop_test(tcase, test_passive, 0, N(passive_rows));
	tcase_add_loop_test(tcase, test_ends, 0, N(end_rows));
	tcase_add_loop_test(tcase, test_cut, 0, N(end_rows));
	tcase_add_test(tcase, test_write);
	return unit_run("ftp_text", tcase);
}
