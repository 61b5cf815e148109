/* SPDX-License-Identifier: BSD-2-Clause */
/* The persistent trie beside a sorted array: finding, order, sharing, and giving up. */
#include <stdbool.h>

#include "base/memory.h"
#include "service/tree.h"

#include "alloc_rig.h"
#include "unit.h"

#define KEYS 512
#define EDITS 4000

struct game {
	struct alloc_rig memory;
	struct lvs_alloc alloc;
	struct lvs_tree_edit edit;
	struct lvs_tree_node *root;
	struct lvs_leaf leaf[KEYS]; /* all that can be in it, in order */
	bool in[KEYS];
	uint64_t seed;
	uint64_t stamp;
};

static uint32_t draw(struct game *game)
{
	game->seed = game->seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(game->seed >> 33);
}

static int compare(const void *a, const void *b)
{
	const struct lvs_leaf *left = a;
	const struct lvs_leaf *right = b;

	for (unsigned i = 0; i < LVS_TREE_WORDS; i++) {
		if (left->word[i] != right->word[i])
			return left->word[i] < right->word[i] ? -1 : 1;
	}
	return 0;
}

/* Few different words, so that some keys are alike to the last but one digit. */
static void make_keys(struct game *game, int kind)
{
	static const uint32_t words[] = {0, 1, 2, 0x80000000, 0xffffffff};

	for (uint32_t k = 0; k < KEYS; k++) {
		uint32_t left = k;

		for (unsigned i = 0; i < LVS_TREE_WORDS; i++) {
			unsigned at = kind == 0 ? i : LVS_TREE_WORDS - 1 - i;

			game->leaf[k].word[at] =
				kind == 2 ? (i == 7) * draw(game) : words[left % 5];
			left /= 5;
		}
		game->leaf[k].word[7] += kind == 2 ? k : 0;
	}
	qsort(game->leaf, KEYS, sizeof(game->leaf[0]), compare);
}

static void check_tree(struct game *game, const struct lvs_tree_node *root, const bool *in)
{
	struct lvs_leaf start = {{0}};
	struct lvs_leaf *next = NULL;

	for (uint32_t k = 0; k < KEYS; k++)
		must(lvs_tree_find(root, &game->leaf[k]) == (in[k] ? &game->leaf[k] : NULL));
	for (uint32_t k = KEYS; k-- > 0;) {
		must(lvs_tree_next(root, &game->leaf[k]) == next);
		if (in[k])
			next = &game->leaf[k];
	}
	if (compare(&start, &game->leaf[0]) != 0)
		must(lvs_tree_next(root, &start) == next);
}

/* What lvs_retire_all() would do, with nobody reading. */
static void free_replaced(struct game *game)
{
	while (game->edit.replaced.first) {
		struct lvs_retired *retired = game->edit.replaced.first;
		struct lvs_tree_node *node = LVS_CONTAINER(retired, struct lvs_tree_node, retired);

		game->edit.replaced.first = retired->next;
		lvs_mem_free(&game->alloc, node,
			     offsetof(struct lvs_tree_node, slot) + node->cap * sizeof(void *),
			     _Alignof(struct lvs_tree_node));
	}
}

static void begin(struct game *game)
{
	game->edit.alloc = &game->alloc;
	game->edit.stamp = ++game->stamp;
	lvs_retire_list_init(&game->edit.replaced);
}

/* Some changes; stops at the first that fails. */
static int change(struct game *game, struct lvs_tree_node **root, bool *in, uint32_t n)
{
	int err = 0;

	for (; n > 0 && !err; n--) {
		uint32_t k = draw(game) % KEYS;

		if (in[k] && draw(game) % 4) {
			err = lvs_tree_take(&game->edit, root, &game->leaf[k]);
			in[k] = err != 0;
		} else {
			bool was = in[k];

			err = lvs_tree_put(&game->edit, root, &game->leaf[k]);
			in[k] = was || !err;
		}
	}
	return err;
}

static void edit_once(struct game *game)
{
	struct lvs_tree_node *root = game->root;
	uint64_t live = game->memory.live_n;
	bool in[KEYS];
	int err;

	memcpy(in, game->in, sizeof(in));
	game->memory.fail_at = draw(game) % 2 ? 1 + draw(game) % 40 : 0;
	begin(game);
	err = change(game, &root, in, draw(game) % 12);
	game->memory.fail_at = 0;
	if (draw(game) % 8 == 0 || err)
		check_tree(game, root, in);
	if (err || draw(game) % 4 == 0) {
		lvs_tree_abort(&game->edit, root);
		must(game->memory.live_n == live);
	} else {
		if (draw(game) % 16 == 0)
			check_tree(game, game->root, game->in); /* the old one, still whole */
		free_replaced(game);
		game->root = root;
		memcpy(game->in, in, sizeof(in));
	}
}

START_TEST(agrees_with_an_array)
{
	struct game *game = calloc(1, sizeof(*game));

	ck_assert_ptr_nonnull(game);
	game->alloc = alloc_rig(&game->memory);
	game->seed = 99;
	make_keys(game, _i);
	game->root = lvs_tree_new(&game->alloc, 0);
	for (unsigned round = 0; round < EDITS; round++) {
		edit_once(game);
		if (round % 64 == 0)
			check_tree(game, game->root, game->in);
	}
	check_tree(game, game->root, game->in);

	begin(game); /* and emptied: one node is left */
	for (uint32_t k = 0; k < KEYS; k++) {
		if (game->in[k])
			must(lvs_tree_take(&game->edit, &game->root, &game->leaf[k]) == 0);
	}
	free_replaced(game);
	ck_assert_uint_eq(game->memory.live_n, 1);
	lvs_tree_del(&game->alloc, game->root);
	ck_assert_uint_eq(game->memory.live_n, 0);
	free(game);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tree");

	tcase_add_loop_test(tcase, agrees_with_an_array, 0, 3);
	return unit_run("tree", tcase);
}
