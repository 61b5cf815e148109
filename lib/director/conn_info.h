/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection as listings show it, and whether a filter means it. */
#ifndef LVS_DIRECTOR_CONN_INFO_H
#define LVS_DIRECTOR_CONN_INFO_H

#include "director/director.h"

void lvs_conn_info_of(struct lvs_conn_info *info, const struct lvs_conn *conn,
		      const struct lvs_director *director);

/* Whether @p filter (NULL: all) can be answered. */
bool lvs_conn_filter_valid(const struct lvs_conn_filter *filter);

/* Whether it means @p conn, as which @p info was filled in. */
bool lvs_conn_matches(const struct lvs_conn *conn, const struct lvs_conn_info *info,
		      const struct lvs_conn_filter *filter, const struct lvs_director *director);

#endif
