/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/compiler.h"
#include "xdp/object.h"
#include "xdp/state.h"

/* libbpf speaks to the process's standard error, unless it is told not to; an embedder's is not
 * ours. It tells by errno as well. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int size_maps(struct lvs_xdp *xdp)
{
	static const char *const names[] = {"lvs_ends", "lvs_rules"};

	for (unsigned i = 0; i < LVS_ARRAY_N(names); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(xdp->program.object, names[i]);
		int err = map ? bpf_map__set_max_entries(map, xdp->conf.rule_max) : -ENOENT;

		if (err)
			return err;
	}
	return 0;
}

static int open_object(struct lvs_xdp *xdp)
{
	struct bpf_object *object = bpf_object__open_mem(lvs_xdp_object, lvs_xdp_object_len, NULL);
	int err;

	if (!object)
		return -errno;
	xdp->program.object = object;
	err = size_maps(xdp);
	return err ? err : bpf_object__load(object);
}

static int find_descriptors(struct lvs_xdp_program *program)
{
	const struct {
		const char *name;
		int *fd;
	} maps[] = {
		{"lvs_links", &program->links},   {"lvs_ends", &program->ends},
		{"lvs_rules", &program->rules},   {"lvs_sockets", &program->sockets},
		{"lvs_counts", &program->counts},
	};
	struct bpf_program *code =
		bpf_object__find_program_by_name(program->object, LVS_XDP_PROGRAM);

	program->fd = code ? bpf_program__fd(code) : -1;
	for (unsigned i = 0; i < LVS_ARRAY_N(maps); i++) {
		*maps[i].fd = bpf_object__find_map_fd_by_name(program->object, maps[i].name);
		if (*maps[i].fd < 0)
			return -ENOENT;
	}
	return program->fd < 0 ? -ENOENT : 0;
}

int lvs_xdp_program_load(struct lvs_xdp *xdp)
{
	libbpf_print_fn_t loud = libbpf_set_print(silent);
	int err = open_object(xdp);

	libbpf_set_print(loud);
	if (!err)
		err = find_descriptors(&xdp->program);
	if (err)
		return lvs_xdp_failed(xdp, NULL,
				      err == -EPERM || err == -EACCES
					      ? "loading the program (needs CAP_BPF, CAP_PERFMON "
						"and CAP_NET_ADMIN)"
					      : "loading the program",
				      -err);
	return 0;
}

void lvs_xdp_program_free(struct lvs_xdp *xdp)
{
	bpf_object__close(xdp->program.object);
	xdp->program.object = NULL;
}
