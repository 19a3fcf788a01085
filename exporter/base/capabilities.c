/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/capabilities.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define NUMBERS 64 /* of the sets' bits (linux/capability.h, _LINUX_CAPABILITY_VERSION_3) */

guint64 nfp_capabilities_needed(void)
{
	return NFP_CAPABILITY(CAP_BPF) | NFP_CAPABILITY(CAP_NET_ADMIN) | NFP_CAPABILITY(CAP_PERFMON);
}

static gboolean has(cap_t set, cap_value_t number, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(set, number, flag, &value) && value == CAP_SET;
}

guint64 nfp_capabilities(void)
{
	cap_t set = cap_get_proc();
	guint64 bits = 0;

	for (cap_value_t i = 0; set && i < (cap_value_t)cap_max_bits(); i++)
		if (has(set, i, CAP_EFFECTIVE))
			bits |= NFP_CAPABILITY(i);
	cap_free(set);
	return bits;
}

/* Of the bounding set: what an exec() could give back. Takes CAP_SETPCAP; who lacks it has little to bound. */
static void bound(guint64 keep)
{
	for (cap_value_t i = 0; i < (cap_value_t)cap_max_bits(); i++)
		if (!(keep & NFP_CAPABILITY(i)))
			cap_drop_bound(i);
}

int nfp_capabilities_keep(guint64 keep)
{
	cap_t before = cap_get_proc(), after = cap_init();
	int r = before && after ? 0 : -errno;

	for (cap_value_t i = 0; !r && i < (cap_value_t)MIN(cap_max_bits(), NUMBERS); i++) {
		if (!(keep & NFP_CAPABILITY(i)) || !has(before, i, CAP_PERMITTED))
			continue;
		if (cap_set_flag(after, CAP_PERMITTED, 1, &i, CAP_SET) || cap_set_flag(after, CAP_EFFECTIVE, 1, &i, CAP_SET))
			r = -errno;
	}
	if (!r) {
		bound(keep);
		/* Goes with the inheritable set on kernels that know it (4.3); this one is for the reader. */
		cap_reset_ambient();
		r = cap_set_proc(after) ? -errno : 0;
	}
	cap_free(before);
	cap_free(after);
	return r;
}

static char *value_of(const char *status, const char *row)
{
	const char *at = strstr(status, row);

	at = at ? at + strlen(row) : "";
	return g_strndup(at, strcspn(at, "\n"));
}

char *nfp_capabilities_thread(guint64 kept)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
	const char *id;

	while (dir && (id = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename("/proc/self/task", id, "status", NULL);
		g_autofree char *status = NULL, *permitted = NULL;

		if (!g_file_get_contents(path, &status, NULL, NULL))
			continue; /* it has ended meanwhile */
		permitted = value_of(status, "\nCapPrm:\t");
		if (g_ascii_strtoull(permitted, NULL, 16) & ~kept)
			return value_of(status, "Name:\t");
	}
	return NULL;
}

char *nfp_capabilities_text(guint64 capabilities)
{
	GString *text = g_string_new(NULL);

	for (cap_value_t i = 0; i < NUMBERS; i++) {
		char *name;

		if (!(capabilities & NFP_CAPABILITY(i)))
			continue;
		name = cap_to_name(i);
		g_string_append_printf(text, "%s%s", text->len ? "," : "", name ? name : "?");
		cap_free(name);
	}
	if (!text->len)
		g_string_append(text, "none");
	return g_string_free(text, FALSE);
}
