/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Connections out of a director and into another one: a restart without loss, or a file
 * (docs/export.md, where the format is described).
 */
#ifndef LIBLVS_SYNC_H
#define LIBLVS_SYNC_H

#include <liblvs/director.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lvs_export;
struct lvs_import;

/** Bytes of a buffer for lvs_export_read() at the least. */
#define LVS_EXPORT_BUFFER 8192

/**
 * Begins an export of all connections and templates of a director.
 *
 * In several passes: the first has all connections, each later one what has changed since the one
 * before began, and the names of those that are as they were. So a successor takes the many while
 * packets go on here; then workers rest, and the last pass is short and exact.
 *
 * @param passes 1 to 255. Only what is there throughout, as it is at some moment, is exact while
 *        workers run; whatever they do in the last pass may be missing.
 * @param stream Set on success; to be ended by lvs_export_del() before the director.
 * @return 0, LVS_ERR_RANGE or LVS_ERR_NO_MEMORY.
 *
 * Any thread; an export is used by one at a time.
 */
LVS_API int lvs_export_new(const struct lvs_director *director, unsigned passes,
			   struct lvs_export **stream);

/**
 * The next bytes. A call looks at no more records than fill the buffer, a thousand at a time in one
 * epoch: workers do not wait, and nothing that ends is kept for long.
 *
 * @param buffer Of @p size bytes, LVS_EXPORT_BUFFER at the least.
 * @return Bytes that were written; 0 at the end of each pass, once, and for ever behind the last;
 *         LVS_ERR_RANGE for too small a buffer, or LVS_ERR_FULL when too many threads read at once
 *         (what was written before is lost only to this call: it can be made again).
 */
LVS_API int64_t lvs_export_read(struct lvs_export *stream, void *buffer, size_t size);

/** Ends an export. NULL is fine. */
LVS_API void lvs_export_del(struct lvs_export *stream);

/** Why a connection was not taken: name, name in lower case, sentence. */
#define LVS_IMPORT_SKIPS(X)                                                                        \
	X(SERVICE, service, "its service is not here")                                             \
	X(DEST, dest, "its service has no such destination")                                       \
	X(METHOD, method, "its forwarding method is not here")                                     \
	X(HELPER, helper, "its helper is not here, or keeps another state")                        \
	X(ENGINE, engine, "its service has another persistence engine")                            \
	X(EXISTS, exists, "its flow has a connection here")                                        \
	X(FULL, full, "the connection table is full")                                              \
	X(MEMORY, memory, "out of memory")

/** Why a connection was not taken. */
enum lvs_import_skip {
#define LVS_IMPORT_SKIP_ENUM(name, lower, text) LVS_IMPORT_SKIP_##name, /**< text */
	LVS_IMPORT_SKIPS(LVS_IMPORT_SKIP_ENUM)
#undef LVS_IMPORT_SKIP_ENUM
		LVS_IMPORT_SKIP_N, /**< How many there are in this version. */
};

/** Flags of an import. */
enum lvs_import_flag {
	/** The exporter's clock is this one (the same host, not restarted): times are what they
	 * are. Without it time has stood still in between: what was left is left. */
	LVS_IMPORT_SAME_CLOCK = 0x1,
};

/** How to import. */
struct lvs_import_conf {
	uint32_t size;   /**< sizeof of this structure. */
	uint32_t flags;  /**< enum lvs_import_flag. */
	uint64_t now_ns; /**< The workers' clock now. */
};

/** What came of an import so far. */
struct lvs_import_report {
	uint32_t size;     /**< sizeof of this structure: an input. */
	uint32_t complete; /**< Whether the export's end was seen. */
	uint64_t bytes;    /**< Bytes that were read. */
	uint64_t taken;    /**< Connections and templates that are here now by it. */
	uint64_t updated;  /**< Of them: brought up to date by a later pass, each time. */
	uint64_t same;     /**< Named as unchanged by a later pass. */
	uint64_t ended;    /**< Taken, and no longer there in the last pass: ended here, too. */
	uint64_t orphans;  /**< Taken without their controller, which was not. */
	uint64_t skipped[LVS_IMPORT_SKIP_N]; /**< Not taken, by enum lvs_import_skip. Last, since
					       it grows. */
};

/**
 * Begins an import. The director should have its services and destinations by then: what is not
 * configured has no connections.
 *
 * @param import Set on success; to be ended by lvs_import_del() before the director.
 * @return 0, LVS_ERR_INVALID or LVS_ERR_NO_MEMORY. Control call.
 */
LVS_API int lvs_import_new(struct lvs_director *director, const struct lvs_import_conf *conf,
			   struct lvs_import **import);

/**
 * Takes bytes of an export, however cut. They may come from anybody: each record is checked as a
 * whole before anything is done, and what is wrong with one is said by lvs_import_error(); those
 * before it stay. Beside running workers; a connection that there is stays as it is.
 *
 * @param data Of @p size bytes, beginning with what the call before did not take.
 * @return Bytes that were taken, all but the last record's beginning; LVS_ERR_FORMAT, now and from
 *         now on; or LVS_ERR_BUSY inside a transaction of this thread. Control call.
 */
LVS_API int64_t lvs_import_feed(struct lvs_import *import, const void *data, size_t size);

/** What came of it so far. @return 0 or LVS_ERR_INVALID for a size that is too small. */
LVS_API int lvs_import_get_report(const struct lvs_import *import,
				  struct lvs_import_report *report);

/** What was wrong, where, and what was expected; "" where nothing was. Owned by @p import. */
LVS_API const char *lvs_import_error(const struct lvs_import *import);

/** Ends an import; what it took stays. NULL is fine. Control call. */
LVS_API void lvs_import_del(struct lvs_import *import);

/** The name of a reason to skip, in lower case. Any thread; static, never NULL. */
LVS_API const char *lvs_import_skip_name(unsigned skip);

/** The same as a sentence. Any thread; static, never NULL. */
LVS_API const char *lvs_import_skip_text(unsigned skip);

#ifdef __cplusplus
}
#endif
#endif
