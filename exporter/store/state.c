/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/state.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

#define DOMAINS "domains"
#define NUMBERS "exporter"
/* Numbers are below it: encoders keep a sequence number for each, and refuse the records of others. It is their
 * NFP_ENCODER_DOMAINS, which a lower room does not include. */
#define DOMAINS_MAX 1024

struct NfpState {
	char *path;
	GKeyFile *file;
};

/* Takes out the lines that no save() wrote. */
static char *check_domains(NfpState *state)
{
	g_auto(GStrv) names = g_key_file_get_keys(state->file, DOMAINS, NULL, NULL);
	gboolean taken[DOMAINS_MAX] = { FALSE };
	const char *first = NULL;
	guint n = 0;

	for (guint i = 0; names && names[i]; i++) {
		uint64_t number = g_key_file_get_uint64(state->file, DOMAINS, names[i], NULL);

		if (number > 0 && number < DOMAINS_MAX && !taken[number]) {
			taken[number] = TRUE;
			continue;
		}
		first = n++ ? first : names[i];
		g_key_file_remove_key(state->file, DOMAINS, names[i], NULL);
	}
	if (n == 0)
		return NULL;
	return g_strdup_printf("%s: %u of its lines in [" DOMAINS "] are malformed, the first is of %s: a number is from 1 "
			       "to %d and of one namespace; these namespaces get other numbers", state->path, n, first,
			       DOMAINS_MAX - 1);
}

NfpState *nfp_state_load(const char *path, gboolean mend, char **ret_news)
{
	NfpState *state = g_new0(NfpState, 1);
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autoptr(GError) err = NULL;

	state->path = g_strdup(path);
	state->file = g_key_file_new();
	if (g_key_file_load_from_file(state->file, path, G_KEY_FILE_NONE, &err)) {
		char *news = check_domains(state);

		if (news)
			*ret_news = news;
		return state;
	}
	if (g_error_matches(err, G_FILE_ERROR, G_FILE_ERROR_NOENT))
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
	gboolean taken[DOMAINS_MAX] = { FALSE };
	uint32_t lowest = 1;

	for (guint i = 0; names && names[i]; i++) {
		uint64_t number = g_key_file_get_uint64(state->file, DOMAINS, names[i], NULL);

		if (g_str_equal(names[i], key))
			return (uint32_t)number;
		taken[number] = TRUE;
	}
	while (lowest < DOMAINS_MAX && taken[lowest])
		lowest++;
	if (lowest < DOMAINS_MAX)
		g_key_file_set_uint64(state->file, DOMAINS, key, lowest);
	return lowest;
}

uint64_t nfp_state_get(const NfpState *state, const char *key)
{
	return g_key_file_get_uint64(state->file, NUMBERS, key, NULL);
}

void nfp_state_set(NfpState *state, const char *key, uint64_t value)
{
	g_key_file_set_uint64(state->file, NUMBERS, key, value);
}
