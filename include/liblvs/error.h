/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * What a control call answers when it cannot do what was asked.
 */
#ifndef LIBLVS_ERROR_H
#define LIBLVS_ERROR_H

#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Every error: name, number, sentence. The numbers are Linux's errno values of
 * the answer that the kernel's IPVS gives, where it has one.
 */
#define LVS_ERRORS(X)                                                                              \
	X(NO_ENTRY, 2, "no such destination, scheduler, entry or file")                            \
	X(NO_SERVICE, 3, "no such service")                                                        \
	X(IO, 5, "input or output failed")                                                         \
	X(NO_MEMORY, 12, "out of memory")                                                          \
	X(PERMISSION, 1, "not permitted")                                                          \
	X(BUSY, 16, "in use")                                                                      \
	X(EXISTS, 17, "exists already")                                                            \
	X(NO_DEVICE, 19, "no such network interface")                                              \
	X(INVALID, 22, "invalid argument")                                                         \
	X(FULL, 28, "the table is full")                                                           \
	X(RANGE, 34, "out of range")                                                               \
	X(FORMAT, 74, "not in the expected format")                                                \
	X(UNSUPPORTED, 95, "not supported")                                                        \
	X(FAMILY, 97, "address family not supported here")

/** Error numbers; calls return them negated. */
enum lvs_err {
	LVS_OK = 0,                                                  /**< No error. */
#define LVS_ERR_ENUM(name, number, text) LVS_ERR_##name = -(number), /**< text */
	LVS_ERRORS(LVS_ERR_ENUM)
#undef LVS_ERR_ENUM
};

/**
 * The sentence for an error number (negative, as calls return it).
 * Any thread; never NULL, static.
 */
LVS_API const char *lvs_strerror(int err);

#ifdef __cplusplus
}
#endif
#endif
