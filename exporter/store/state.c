/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define DOMAINS "domains"
#define NUMBERS "exporter"
/* Numbers are below it: encoders keep a sequence number for each, and refuse the records of others. It is their
 * NFP_ENCODER_DOMAINS, which a lower room does not include. */
#define DOMAINS_MAX 1024
#define SIZE_MAX_STATE (1u << 20) /* octets: names of DOMAINS_MAX namespaces, each octet of them escaped */

struct NfpState {
	char *path;
	GKeyFile *file;
};

/* Takes over what a save() can have written: each name once (GKeyFile keeps a line for each time), a number of its own.
 * What to tell, or NULL. */
static char *take_domains(NfpState *state, GKeyFile *read)
{
	g_auto(GStrv) names = g_key_file_get_keys(read, DOMAINS, NULL, NULL);
	gboolean taken[DOMAINS_MAX] = { FALSE };
	const char *first = NULL;
	guint n = 0;

	for (guint i = 0; names && names[i]; i++) {
		uint64_t number = g_key_file_get_uint64(read, DOMAINS, names[i], NULL);

		if (number > 0 && number < DOMAINS_MAX && !taken[number] &&
		    !g_key_file_has_key(state->file, DOMAINS, names[i], NULL)) {
			taken[number] = TRUE;
			g_key_file_set_uint64(state->file, DOMAINS, names[i], number);
			continue;
		}
		first = n++ ? first : names[i];
	}
	if (n == 0)
		return NULL;
	return g_strdup_printf("%s: %u of its lines in [" DOMAINS "] are malformed, the first is of %s: a number is from 1 "
			       "to %d and of one namespace; these namespaces get other numbers", state->path, n, first,
			       DOMAINS_MAX - 1);
}

static void take_numbers(NfpState *state, GKeyFile *read)
{
	g_auto(GStrv) keys = g_key_file_get_keys(read, NUMBERS, NULL, NULL);

	for (guint i = 0; keys && keys[i]; i++)
		g_key_file_set_uint64(state->file, NUMBERS, keys[i], g_key_file_get_uint64(read, NUMBERS, keys[i], NULL));
}

/* The whole text of a plain file of a size that a save() may make: nothing that is waited for (a pipe), and no memory
 * beyond measure. */
static char *read_text(const char *path, gsize *ret_size, GError **err)
{
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	g_autofree char *text = NULL;
	struct stat st;
	gsize size = 0;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) < 0) {
		g_set_error(err, G_FILE_ERROR, g_file_error_from_errno(errno), "%s", g_strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it is no plain file");
		return NULL;
	}
	text = g_malloc(SIZE_MAX_STATE + 1);
	while (n > 0 && size <= SIZE_MAX_STATE) {
		n = read(fd, text + size, SIZE_MAX_STATE + 1 - size);
		size += n > 0 ? (gsize)n : 0;
	}
	if (n < 0) {
		g_set_error(err, G_FILE_ERROR, g_file_error_from_errno(errno), "%s", g_strerror(errno));
		return NULL;
	}
	if (size > SIZE_MAX_STATE) {
		g_set_error(err, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE, "it is larger than %u octets", SIZE_MAX_STATE);
		return NULL;
	}
	*ret_size = size;
	return g_steal_pointer(&text);
}

NfpState *nfp_state_load(const char *path, gboolean mend, char **ret_news)
{
	NfpState *state = g_new0(NfpState, 1);
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autoptr(GKeyFile) read = g_key_file_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) err = NULL;
	gsize size;

	state->path = g_strdup(path);
	state->file = g_key_file_new();
	text = read_text(path, &size, &err);
	if (text && g_key_file_load_from_data(read, text, size, G_KEY_FILE_NONE, &err)) {
		char *news = take_domains(state, read);

		take_numbers(state, read);
		if (news)
			*ret_news = news;
		return state;
	}
	if (g_error_matches(err, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return state;
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
