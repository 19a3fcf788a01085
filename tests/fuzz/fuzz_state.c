// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any file is a state, or is told of. Numbers of namespaces are from 1 to 1024, one each (1024: of all that found none), the
 * same when asked again and after they were saved; steps of labels are below a second.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/identity.h"
#include "base/log.h"

#define NAMES 6
#define NONE 1024
#define S 1000000000ull

static const char *const names[NAMES] = { "blue", "red", "a b=c]\n", "%20", "[exporter]", "blue " };
static char *folder, *path;

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static void at_end(void)
{
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);

	g_unlink(path);
	g_unlink(aside);
	g_rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	g_autofree char *template = g_strdup("/dev/shm/nfprobe-fuzz-state.XXXXXX");

	folder = g_mkdtemp(template) ? g_steal_pointer(&template) : g_dir_make_tmp("nfprobe-fuzz-state.XXXXXX", NULL);
	must(folder != NULL);
	path = g_build_filename(folder, "i.state", NULL);
	nfp_log_init(NFP_LOG_ERROR);
	atexit(at_end);
	return 0;
}

static void check(NfpState *state, const uint32_t *known)
{
	uint32_t number[NAMES];

	for (guint i = 0; i < NAMES; i++) {
		number[i] = nfp_state_domain(state, names[i]);
		must(number[i] >= 1 && number[i] <= NONE);
		must(!known || number[i] == known[i]);
		for (guint j = 0; j < i; j++)
			must(number[j] != number[i] || number[i] == NONE);
	}
	for (guint i = 0; i < NAMES; i++)
		must(nfp_state_domain(state, names[i]) == number[i]);
	if (known)
		return;
	if (nfp_state_save(state, NULL)) {
		g_autofree char *news = NULL;
		g_autoptr(NfpState) again = nfp_state_load(path, TRUE, &news);

		must(news == NULL);
		check(again, number);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *news = NULL;
	g_autoptr(NfpState) state = NULL;
	g_autoptr(GPtrArray) domains = g_ptr_array_new();
	NfpConf conf = { .instance = (char *)"i", .state_dir = folder, .interval = 10 * S };
	NfpIdentity *identity;
	uint64_t first, starts;

	must(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
	identity = nfp_identity_new(&conf, domains, 2000000000 * S);
	must(nfp_identity_step(identity) < S);
	nfp_identity_starts(identity, &first, &starts);
	nfp_identity_free(identity);

	must(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
	state = nfp_state_load(path, TRUE, &news);
	must(state != NULL && (!news || strstr(news, path)));
	check(state, NULL);
	return 0;
}
