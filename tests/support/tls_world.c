/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/tls_world.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *keep(NfpTlsWorld *world, char *text)
{
	g_ptr_array_add(world->strings, text);
	return text;
}

NfpTlsWorld *nfp_tls_world_new(void)
{
	g_autofree char *openssl = g_find_program_in_path("openssl");
	g_autofree char *python = g_find_program_in_path("python3");
	NfpTlsWorld *world;
	g_autofree char *command = NULL;
	int status = -1;

	if (!openssl || !python)
		cr_skip_test("openssl or python3 is not installed: run scripts/setup");
	world = g_new0(NfpTlsWorld, 1);
	world->dir = g_dir_make_tmp("nfprobe-tls-XXXXXX", NULL);
	world->strings = g_ptr_array_new_with_free_func(g_free);
	command = g_strdup_printf("%s/tests/support/certificates %s/c", NFP_SOURCE_DIR, world->dir);
	cr_assert(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
	cr_assert_eq(status, 0, "%s", command);
	return world;
}

static void end_peer(NfpTlsWorld *world)
{
	if (!world->peer)
		return;
	g_subprocess_force_exit(world->peer);
	g_subprocess_wait(world->peer, NULL, NULL);
	g_clear_object(&world->said);
	g_clear_object(&world->peer);
}

void nfp_tls_world_free(NfpTlsWorld *world)
{
	const char *remove[] = { "rm", "-rf", world->dir, NULL };

	end_peer(world);
	g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
	g_ptr_array_unref(world->strings);
	g_free(world->dir);
	g_free(world);
}

void nfp_tls_world_serve(NfpTlsWorld *world, const char *options)
{
	g_autofree char *command = g_strdup_printf("python3 %s/tests/support/tls_peer.py %s/out %s/c %s", NFP_SOURCE_DIR,
						   world->dir, world->dir, options);
	g_auto(GStrv) argv = NULL;
	g_autoptr(GError) err = NULL;

	end_peer(world);
	cr_assert(g_shell_parse_argv(command, NULL, &argv, &err));
	world->peer = g_subprocess_newv((const char *const *)argv,
					G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &err);
	cr_assert(world->peer, "%s", err ? err->message : "");
	world->said = g_data_input_stream_new(g_subprocess_get_stdout_pipe(world->peer));
	world->port = (guint16)atoi(nfp_tls_world_wait(world, "port ") + strlen("port "));
}

const char *nfp_tls_world_wait(NfpTlsWorld *world, const char *begin)
{
	for (;;) {
		char *line = g_data_input_stream_read_line(world->said, NULL, NULL, NULL);

		cr_assert(line, "the peer ended before it said \"%s\"", begin);
		keep(world, line);
		if (g_str_has_prefix(line, begin))
			return line;
	}
}

char *nfp_tls_world_file(NfpTlsWorld *world, const char *name)
{
	return (char *)keep(world, g_build_filename(world->dir, "c", name, NULL));
}

GBytes *nfp_tls_world_session(NfpTlsWorld *world, guint n)
{
	g_autofree char *path = g_strdup_printf("%s/out/%u.ipfix", world->dir, n);
	char *data = NULL;
	gsize length = 0;

	cr_assert(g_file_get_contents(path, &data, &length, NULL));
	return g_bytes_new_take(data, length);
}
