/* SPDX-License-Identifier: BSD-2-Clause */
/* What a template's clients stick by besides their network: found by an engine, kept as company. */
#ifndef LVS_CONN_DATA_H
#define LVS_CONN_DATA_H

#include <liblvs/pe.h>

#include "conn/company.h"
#include "conn/conn.h"

struct lvs_data {
	struct lvs_company company;
	const struct lvs_pe_ops *pe; /* who found it */
	uint64_t hash;
	uint32_t len;
	uint8_t byte[];
};

/* Of a template that the caller may look at; NULL: it has none. */
LVS_INLINE const struct lvs_data *lvs_data_of(const struct lvs_companies *companies,
					      const struct lvs_conn *template)
{
	if (!template->company)
		return NULL;
	return (const struct lvs_data *)lvs_company_at(companies, template->company);
}

#endif
