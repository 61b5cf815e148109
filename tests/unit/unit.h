/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test program shares: check, and a main() of one line. */
#ifndef LVS_TESTS_UNIT_H
#define LVS_TESTS_UNIT_H

#include <stdlib.h>

#include "unit_check.h"

/* Runs one test case as a suite of the same name. */
static inline int unit_run(const char *name, TCase *tcase)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 300);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
