/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and sentences of errors, reasons and verdicts. */
#include <liblvs/error.h>
#include <liblvs/event.h>
#include <liblvs/reason.h>
#include <liblvs/types.h>

#include "base/compiler.h"

#define TEXT_OF(x) #x
#define VERSION_OF(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *lvs_version(void)
{
	return VERSION_OF(LVS_VERSION_MAJOR, LVS_VERSION_MINOR, LVS_VERSION_PATCH);
}

const char *lvs_strerror(int err)
{
	switch (err) {
	case LVS_OK:
		return "no error";
#define ERROR_CASE(name, number, text)                                                             \
	case LVS_ERR_##name:                                                                       \
		return text;
		LVS_ERRORS(ERROR_CASE)
#undef ERROR_CASE
	default:
		return "unknown error";
	}
}

struct reason_row {
	const char *name;
	const char *text;
	enum lvs_verdict verdict;
};

static const struct reason_row reasons[] = {
#define REASON_ROW(name, lower, verdict, text) {#lower, text, LVS_##verdict},
	LVS_REASONS(REASON_ROW)
#undef REASON_ROW
};

static const struct reason_row unknown_reason = {"unknown", "unknown reason", LVS_DROP};

static const struct reason_row *reason_row(unsigned reason)
{
	return reason < LVS_ARRAY_N(reasons) ? &reasons[reason] : &unknown_reason;
}

const char *lvs_reason_name(unsigned reason)
{
	return reason_row(reason)->name;
}

const char *lvs_reason_text(unsigned reason)
{
	return reason_row(reason)->text;
}

enum lvs_verdict lvs_reason_verdict(unsigned reason)
{
	return reason_row(reason)->verdict;
}

const char *lvs_event_name(unsigned type)
{
	static const char *const names[LVS_EVENT_N] = {
#define EVENT_NAME(name, lower, text) #lower,
		LVS_EVENTS(EVENT_NAME)
#undef EVENT_NAME
	};

	return type < LVS_EVENT_N ? names[type] : "unknown";
}

const char *lvs_gone_name(unsigned why)
{
	static const char *const names[LVS_GONE_N] = {
#define GONE_NAME(name, lower, text) #lower,
		LVS_GONES(GONE_NAME)
#undef GONE_NAME
	};

	return why < LVS_GONE_N ? names[why] : "unknown";
}

const char *lvs_verdict_name(unsigned verdict)
{
	static const char *const names[LVS_VERDICTS] = {"pass", "forward", "drop", "reply", "held"};

	return verdict < LVS_VERDICTS ? names[verdict] : "unknown";
}
