/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include "unit.h"

/* Appendix A of the SipHash paper: key 00..0f, message 00..0e. */
START_TEST(test_paper_vector)
{
	uint8_t key[16];
	uint8_t message[15];

	for (unsigned i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < 15; i++)
		message[i] = (uint8_t)i;
	ck_assert_uint_eq(lvs_siphash(key, message, 15), 0xa129ca6149be45e5);
}
END_TEST

/* Maglev's h1 of clients 192.0.2.1 and 198.51.100.7 under the kernel's constant key. */
START_TEST(test_kernel_vectors)
{
	ck_assert_uint_eq(lvs_hsiphash_u32(0xc0000201, 2654435761, 2654435761), 0x92889c88);
	ck_assert_uint_eq(lvs_hsiphash_u32(0xc6336407, 2654435761, 2654435761), 0xadb98ab6);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("siphash");

	tcase_add_test(tcase, test_paper_vector);
	tcase_add_test(tcase, test_kernel_vectors);
	return unit_run("siphash", tcase);
}
