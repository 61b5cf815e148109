/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target over the files of the directories named, in an ordinary build. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1 << 20)

static unsigned files;

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	uint8_t *exact;
	size_t size;

	FUZZ_CHECK(file && data);
	size = fread(data, 1, INPUT_MAX, file);
	FUZZ_CHECK(!ferror(file) && size < INPUT_MAX);
	fclose(file);
	exact = fuzz_copy(data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	files++;
}

static void run_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	FUZZ_CHECK(dir);
	while ((entry = readdir(dir))) {
		char name[4096];
		int len;

		if (entry->d_name[0] == '.')
			continue;
		len = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		FUZZ_CHECK(len > 0 && (size_t)len < sizeof(name));
		run_file(name);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_directory(argv[i]);
	printf("%u files\n", files);
	/* An empty corpus proves nothing. */
	return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
