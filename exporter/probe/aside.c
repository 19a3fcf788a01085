/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps that a build of another ABI made: kept for it, out of the way (docs/adr/0037-maps-of-another-build.md). */
#include "probe/domain.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

#define NAMES_MAX 100

/* rename(2) of a directory of pins onto one that exists and has nothing in it would succeed: looked for first. */
static char *free_name(const NfpProbeOptions *options, char **ret_directory)
{
	for (int i = 1; i <= NAMES_MAX; i++) {
		g_autofree char *name = i > 1 ? g_strdup_printf("%s-old%d", options->instance, i) :
						g_strconcat(options->instance, "-old", NULL);
		NfpProbeOptions aside = *options;
		g_autofree char *directory = NULL;

		aside.instance = name;
		directory = nfp_pins_directory(&aside);
		if (g_file_test(directory, G_FILE_TEST_EXISTS))
			continue;
		*ret_directory = g_steal_pointer(&directory);
		return g_steal_pointer(&name);
	}
	return NULL;
}

gboolean nfp_probe_put_aside(NfpProbe *probe, const NfpProbeOptions *options, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));
	g_autofree char *directory = NULL;
	g_autofree char *name = free_name(options, &directory);
	int rc = name ? nfp_attach_list(&context, attached) : -EEXIST;

	/* What it attached would go on counting into maps that nobody empties. */
	for (guint i = 0; !rc && i < attached->len; i++)
		rc = nfp_attach_remove(&context, &g_array_index(attached, NfpAttached, i).hook);
	if (!rc) {
		nfp_probe_drop_links(probe);
		nfp_object_unshare(probe->directory);
		rc = rename(probe->directory, directory) < 0 ? -errno : 0;
	}
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc,
				       "cannot set aside the maps in %s, which another build of nfprobe made", probe->directory);
	g_free(probe->aside);
	probe->aside = g_steal_pointer(&name);
	return TRUE;
}

const char *nfp_probe_set_aside(const NfpProbe *probe)
{
	return probe->aside;
}
