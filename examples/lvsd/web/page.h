/* SPDX-License-Identifier: BSD-2-Clause */
/* page.html, as it is served. */
#ifndef LVSD_PAGE_H
#define LVSD_PAGE_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_len;

#endif
