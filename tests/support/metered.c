/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/metered.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "support/netns.h"

NfpProbe *nfpt_open(const char *instance, const char *netns, bool force_clsact)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = instance, .netns = netns,
				    .force_clsact = force_clsact };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe = nfp_probe_open(&options, &error);

	cr_assert_not_null(probe, "%s", error ? error->message : "");
	return probe;
}

struct nfp_bucket nfpt_meter(NfpProbe *probe)
{
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_clock clock = { .offset = nfp_clock_offset(&nfp_clock_system), .length = NFPT_LENGTH };
	uint64_t now = (uint64_t)(nfp_clock_system.boottime(&nfp_clock_system) + clock.offset);
	struct nfp_bucket id = { now - now % NFPT_LENGTH, now - now % NFPT_LENGTH + NFPT_LENGTH };
	uint32_t entries[NFP_P_N] = { 0 };
	int rc = source->set_clock(source, &clock, true);

	cr_assert_eq(rc, 0, "set_clock: %s", strerror(-rc));
	for (int i = 0; i < NFP_P_N; i++)
		entries[i] = 4096;
	rc = source->create(source, id, entries);
	cr_assert(rc == 0 || rc == -EEXIST, "create: %s", strerror(-rc));
	return id;
}

void nfpt_attach(NfpProbe *probe, const char *ifname, NfpDirection direction)
{
	g_autoptr(GError) error = NULL;

	cr_assert(nfp_probe_attach(probe, ifname, direction, NFP_HOOK_TC, &error), "%s",
		  error ? error->message : "");
}

uint32_t nfpt_ifindex(NfpProbe *probe, const char *ifname)
{
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NfpLink));

	cr_assert_eq(nfp_probe_links(probe, links), 0);
	for (guint i = 0; i < links->len; i++) {
		if (!strcmp(g_array_index(links, NfpLink, i).name, ifname))
			return g_array_index(links, NfpLink, i).ifindex;
	}
	return 0;
}

static uint64_t seen(NfpProbe *probe, struct nfp_bucket id, uint32_t ifindex, uint8_t flags, bool all)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpHookRows rows;
	uint64_t sum = 0;
	int rc = source->read_hooks(source, id, &rows);

	cr_assert_eq(rc, 0, "read_hooks: %s", strerror(-rc));
	for (size_t i = 0; i < rows.n; i++) {
		if (all || (rows.keys[i].ifindex == ifindex && rows.keys[i].flags == flags))
			sum += rows.rows[i].seen;
	}
	return sum;
}

uint64_t nfpt_seen(NfpProbe *probe, struct nfp_bucket id, const char *ifname, uint8_t flags)
{
	return seen(probe, id, nfpt_ifindex(probe, ifname), flags, false);
}

uint64_t nfpt_seen_all(NfpProbe *probe, struct nfp_bucket id)
{
	return seen(probe, id, 0, 0, true);
}

uint64_t nfpt_recorded(NfpProbe *probe, struct nfp_bucket id)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpHookRows rows;
	uint64_t sum = 0;

	cr_assert_eq(source->read_hooks(source, id, &rows), 0);
	for (size_t i = 0; i < rows.n; i++)
		sum += rows.rows[i].packets;
	for (int row = 0; row < NFP_P_N; row++) {
		NfpEntries entries;

		cr_assert_eq(source->read(source, id, row, &entries), 0);
		for (size_t i = 0; i < entries.n; i++)
			sum += entries.values[i].packets;
	}
	return sum;
}

size_t nfpt_entries(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol protocol)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpEntries entries;

	cr_assert_eq(source->read(source, id, protocol, &entries), 0);
	return entries.n;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *nfpt_hooks(NfpProbe *probe)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	GString *all = g_string_new(NULL);

	cr_assert_eq(nfp_probe_hooks(probe, hooks), 0);
	for (guint i = 0; i < hooks->len; i++) {
		const NfpHookInfo *hook = &g_array_index(hooks, NfpHookInfo, i);

		g_ptr_array_add(texts, g_strdup_printf("%s/%s/%s ", hook->ifname,
						       hook->flags & NFP_KEY_EGRESS ? "out" : "in",
						       hook->method));
	}
	g_ptr_array_sort(texts, by_text);
	for (guint i = 0; i < texts->len; i++)
		g_string_append(all, texts->pdata[i]);
	return g_string_free(all, FALSE);
}

guint nfpt_list(NfpProbe *probe, NfpBucketInfo *ret_first)
{
	NfpSource *source = nfp_probe_source(probe);
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	int rc = source->list(source, list);

	cr_assert_eq(rc, 0, "list: %s", strerror(-rc));
	if (ret_first && list->len)
		*ret_first = g_array_index(list, NfpBucketInfo, 0);
	return list->len;
}

/* What the kernel says that a pinned map takes. */
static guint64 octets_of(const char *path)
{
	NFP_AUTO_FD int fd = bpf_obj_get(path);
	g_autofree char *info = g_strdup_printf("/proc/self/fdinfo/%d", fd), *text = NULL;
	const char *line;

	if (fd < 0 || !g_file_get_contents(info, &text, NULL, NULL) || !(line = strstr(text, "memlock:")))
		return 0;
	return g_ascii_strtoull(line + strlen("memlock:"), NULL, 10);
}

guint64 nfpt_octets_below(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	guint64 sum = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		sum += g_file_test(path, G_FILE_TEST_IS_DIR) ? nfpt_octets_below(path) : octets_of(path);
	}
	return sum;
}

void nfpt_other_abi(const char *instance)
{
	g_autofree char *path = g_build_filename(NFPT_PIN_ROOT, instance, "config", NULL);
	NFP_AUTO_FD int fd = bpf_obj_get(path);
	struct nfp_config config;
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, &config), 0);
	cr_expect_eq(config.abi, NFP_ABI_HASH);
	config.abi++;
	cr_assert_eq(bpf_map_update_elem(fd, &zero, &config, BPF_ANY), 0);
}
