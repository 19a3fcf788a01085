/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/state.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

#define DOMAINS "domains"
#define NUMBERS "exporter"
#define DOMAIN_MAX 0x7fffffff

struct NfpState {
	char *path;
	GKeyFile *file;
};

NfpState *nfp_state_load(const char *path, gboolean mend, char **ret_news)
{
	NfpState *state = g_new0(NfpState, 1);
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autoptr(GError) err = NULL;

	state->path = g_strdup(path);
	state->file = g_key_file_new();
	if (g_key_file_load_from_file(state->file, path, G_KEY_FILE_NONE, &err) ||
	    g_error_matches(err, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return state;
	/* What was read before the damage is no better than nothing. */
	g_key_file_unref(state->file);
	state->file = g_key_file_new();
	if (mend && err->domain == G_KEY_FILE_ERROR && rename(path, aside) == 0)
		*ret_news = g_strdup_printf("%s is damaged (%s): it is now %s, and a new one is begun", path,
					    err->message, aside);
	else
		*ret_news = g_strdup_printf("cannot read %s: %s", path, err->message);
	return state;
}

gboolean nfp_state_save(const NfpState *state, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(state->path);
	g_autoptr(GError) error = NULL;

	if (g_mkdir_with_parents(folder, 0755) < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make the folder %s", folder);
	if (g_key_file_save_to_file(state->file, state->path, &error))
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s", error->message);
	return FALSE;
}

void nfp_state_free(NfpState *state)
{
	if (!state)
		return;
	g_key_file_unref(state->file);
	g_free(state->path);
	g_free(state);
}

uint32_t nfp_state_domain(NfpState *state, const char *netns)
{
	g_auto(GStrv) names = g_key_file_get_keys(state->file, DOMAINS, NULL, NULL);
	g_autofree char *key = g_uri_escape_string(netns, NULL, FALSE);
	uint64_t most = 0;

	for (guint i = 0; names && names[i]; i++) {
		uint64_t number = g_key_file_get_uint64(state->file, DOMAINS, names[i], NULL);

		if (number == 0 || number >= DOMAIN_MAX)
			continue;
		if (g_str_equal(names[i], key))
			return (uint32_t)number;
		most = MAX(most, number);
	}
	g_key_file_set_uint64(state->file, DOMAINS, key, most + 1);
	return (uint32_t)(most + 1);
}

uint64_t nfp_state_get(const NfpState *state, const char *key)
{
	return g_key_file_get_uint64(state->file, NUMBERS, key, NULL);
}

void nfp_state_set(NfpState *state, const char *key, uint64_t value)
{
	g_key_file_set_uint64(state->file, NUMBERS, key, value);
}
