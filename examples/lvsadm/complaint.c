/* SPDX-License-Identifier: BSD-2-Clause */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

int complain(struct complaint *complaint, int status, const char *format, ...)
{
	va_list list;

	complaint->status = status;
	complaint->ends = 1;
	va_start(list, format);
	vsnprintf(complaint->text, sizeof(complaint->text), format, list);
	va_end(list);
	return -1;
}
