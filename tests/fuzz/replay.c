// SPDX-License-Identifier: GPL-2.0-or-later
/* replay PATH...: a fuzz target without libFuzzer, by any compiler: each file, and those of each folder, once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* As many as were read. */
static guint replay_file(const char *path)
{
	g_autofree char *text = NULL;
	g_autofree uint8_t *exact = NULL;
	gsize size;

	if (!g_file_get_contents(path, &text, &size, NULL))
		return 0;
	/* A copy of the exact size: a sanitizer sees the first octet too many. */
	exact = g_memdup2(text, MAX(size, 1));
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, size);
	return 1;
}

static guint replay(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	guint n = 0;

	if (!dir)
		return replay_file(path);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		n += replay_file(file);
	}
	return n;
}

int main(int argc, char **argv)
{
	guint n = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%u inputs\n", n);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
