/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More flows than the memory allowed has room for: the books close, what did not fit is coarser, the memory holds. */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "harvest/sizes.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define START (1020 * NFP_NS_PER_S)
#define BUCKETS 5 /* that share the memory at an interval of a minute */

static const struct nfp_bucket bucket = { START, START + 60 * NFP_NS_PER_S };

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

static guint64 octets_below(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	guint64 sum = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		sum += g_file_test(path, G_FILE_TEST_IS_DIR) ? octets_below(path) : octets_of(path);
	}
	return sum;
}

static void feed(NfpProbe *probe, guint flows)
{
	g_autoptr(NfpTestRun) run = nfp_testrun_new(probe, true, NULL);
	uint8_t frame[54] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10 };

	frame[14 + 16] = 192;
	frame[34 + 12] = 0x50;
	frame[34 + 13] = 0x10;
	for (guint i = 0; i < flows; i++) {
		memcpy(frame + 27, &i, 3);
		frame[34] = (uint8_t)(i >> 24);
		cr_assert_eq(nfp_testrun_feed(run, frame, sizeof(frame), sizeof(frame), START + i), 0);
	}
}

Test(table_memory, more_flows_than_there_is_room_for, .timeout = 1800)
{
	bool full = g_getenv("NFPROBE_FULL") != NULL;
	guint64 memory = full ? 512ull << 20 : 24ull << 20, before, octets;
	guint flows = full ? 10000000 : 100000;
	struct nfp_clock clock = { .length = bucket.end_ts - bucket.start_ts };
	g_autoptr(NfpProbe) probe = NULL;
	uint32_t room[NFP_P_N];
	uint64_t coarsened;
	NfpEntries entries;
	NfpSource *source;
	NfpSizes sizes;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfp_sizes_init(&sizes, 0, 0);
	for (int i = 0; i < 6; i++)
		nfp_sizes_learn(&sizes, NFP_P_tcp4, sizes.size[NFP_P_tcp4], sizes.size[NFP_P_tcp4]);
	nfp_sizes_get(&sizes, memory, BUCKETS, room);
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	before = octets_below(probe->buckets->directory); /* the spill bucket's */
	cr_assert_eq(source->create(source, bucket, room), 0);

	feed(probe, flows);
	cr_assert_eq(source->close(source, bucket), 0);
	cr_expect_eq(nfpt_seen_all(probe, bucket), flows);
	cr_expect_eq(nfpt_recorded(probe, bucket), flows);
	cr_assert_eq(source->read(source, bucket, NFP_P_tcp4, &entries), 0);
	cr_assert_eq(nfp_totals_counter(source, NFP_C_coarsened, &coarsened), 0);
	cr_expect_eq(entries.n + coarsened, flows, "a flow has its own entry or is in a coarser one");
	cr_expect_geq(entries.n, room[NFP_P_tcp4], "whatever fits has its own entry");
	octets = octets_below(probe->buckets->directory) - before;
	cr_expect_gt(octets, room[NFP_P_tcp4] * 100ull);
	cr_expect_leq(octets, memory / 3, "three buckets of it fit: %" G_GUINT64_FORMAT, octets);
	cr_log_info("%u flows, %zu with their own entry, %" G_GUINT64_FORMAT " octets\n", flows, entries.n, octets);
}
