// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/hostile_pins.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "harvest/shelf.h"
#include "probe/domain.h"
#include "support/metered.h"

#define S ((uint64_t)NFP_NS_PER_S)
#define FLOWS 5
#define PACKETS (NFPT_HOSTILE_PACKETS / FLOWS) /* of each */

/* ---- a domain with something in it ------------------------------------------------------------------ */

static const uint32_t room[NFP_P_N] = { [0 ... NFP_P_N - 1] = 64 };

static uint64_t now_of(NfpProbe *probe)
{
	struct nfp_clock clock;

	cr_assert_eq(nfp_probe_source(probe)->get_clock(nfp_probe_source(probe), &clock), 0);
	return (uint64_t)(nfp_clock_system.boottime(&nfp_clock_system) + clock.offset);
}

static void add_flows(NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int flows = nfp_buckets_open(buckets, NFP_P_udp4, id), hooks = nfp_buckets_open(buckets, NFP_P_hook, id);
	struct nfp_hook_key hook = { .ifindex = 1 };
	struct nfp_hook_row row = { .seen = NFPT_HOSTILE_PACKETS };

	for (uint32_t i = 1; i <= FLOWS; i++) {
		struct nfp_key_v4 key = { .saddr = i, .meta = { .ifindex = 1 } };
		struct nfp_value value = { .packets = PACKETS, .octets = 100, .first = id.start_ts + 1, .last = id.start_ts + 2 };

		cr_assert_eq(bpf_map_update_elem(flows, &key, &value, BPF_ANY), 0);
	}
	cr_assert_eq(bpf_map_update_elem(hooks, &hook, &row, BPF_ANY), 0);
}

struct nfp_bucket nfpt_leave_behind(void)
{
	g_autoptr(NfpProbe) probe = nfpt_open("default", NULL, false);
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_clock clock = { .offset = nfp_clock_offset(&nfp_clock_system), .length = 10 * S };
	struct nfp_bucket past, present;
	uint64_t now;

	cr_assert_eq(source->set_clock(source, &clock, true), 0);
	now = now_of(probe);
	present = (struct nfp_bucket){ now - now % (10 * S), now - now % (10 * S) + 10 * S };
	past = (struct nfp_bucket){ present.start_ts - 20 * S, present.end_ts - 20 * S };
	cr_assert_eq(source->create(source, past, room), 0);
	cr_assert_eq(source->create(source, present, room), 0);
	add_flows((NfpBuckets *)source, past);
	cr_assert_eq(source->close(source, past), 0);
	return past;
}

/* ---- a start ---------------------------------------------------------------------------------------- */

static void publish(NfpBatch *batch, void *data)
{
	NfptPublished *published = data;

	published->records += batch->n;
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->bucket_start_ns == published->id.start_ts && batch->bucket_end_ns == published->id.end_ts)
			published->packets += batch->records[i].packets;
}

/* What the harvester's thread does, for some rounds. */
static void harvest(NfpProbe *probe, NfptPublished *published)
{
	NfpHarvestOptions options = { .interval = 10 * S, .ahead = 20 * S, .grace = S / 5, .merge_cpus = TRUE, .memory = 64 << 20,
				      .hostname = "edge1" };
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	int64_t boot = nfp_clock_system.boottime(&nfp_clock_system), offset = nfp_clock_offset(&nfp_clock_system);
	g_autoptr(GError) error = NULL;
	NfpShelf *shelf = nfp_shelf_new(nfp_probe_source(probe), &options, wakeup, boot, &error);
	NfpDrain drain = { .options = &options, .publish = publish, .data = published, .merge = nfp_merge_new() };

	cr_assert_eq(shelf == NULL, error != NULL);
	for (guint i = 0; shelf && i <= NFP_DRAIN_TRIES; i++) {
		uint64_t now = nfp_shelf_turn(shelf, boot, offset);

		nfp_shelf_create(shelf, now);
		nfp_shelf_retire(shelf, now);
		nfp_shelf_spill(shelf, boot, now, true);
		nfp_shelf_drain(shelf, &drain, boot);
		nfp_shelf_finish(shelf, boot);
		boot += 2 * S;
	}
	nfp_shelf_free(shelf);
	nfp_merge_free(drain.merge);
	nfp_wakeup_unref(wakeup);
}

static void ignore_books(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data)
{
}

/* As `status` reads. */
static void look(NfpProbe *probe)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	NfpSource *source = nfp_probe_source(probe);
	uint64_t counters[NFP_C_N];
	NfpHookRows rows;
	NfpEntries entries;
	NfpRoom slots;

	nfp_probe_counters(probe, counters);
	nfp_probe_books(probe, ignore_books, NULL);
	nfp_probe_base(probe, &rows);
	nfp_probe_hooks(probe, hooks);
	if (source->list(source, list))
		return;
	for (guint i = 0; i < list->len; i++) {
		struct nfp_bucket id = g_array_index(list, NfpBucketInfo, i).id;

		source->read_hooks(source, id, &rows);
		for (int row = 0; row < NFP_P_N; row++) {
			source->read(source, id, row, &entries);
			nfp_probe_room(probe, id, row, &slots);
		}
	}
}

gboolean nfpt_start(gboolean attach, NfptPublished *published, char **ret_why)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) reader = nfp_probe_open_readonly(&options, NULL);
	g_autoptr(NfpProbe) probe = NULL;

	if (reader)
		look(reader);
	probe = nfp_probe_open(&options, &error);
	cr_assert_eq(probe == NULL, error != NULL);
	if (!probe) {
		*ret_why = g_strdup(error->message);
		return FALSE;
	}
	if (attach && !nfp_probe_attach(probe, "lo", NFP_DIRECTION_INGRESS, NFP_HOOK_TC, &error))
		cr_assert_not_null(error);
	look(probe);
	harvest(probe, published);
	look(probe);
	return TRUE;
}

void nfpt_purge(void)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(GError) error = NULL;

	if (access(NFPT_HOSTILE, F_OK) < 0)
		return;
	if (!nfp_probe_purge(&options, &error)) {
		/* A link that names another network namespace: what is there is of no concern to this one. */
		cr_expect(strstr(error->message, "meters another network namespace"), "%s", error->message);
		nfp_pins_remove_tree(NFPT_HOSTILE);
	}
	cr_expect(access(NFPT_HOSTILE, F_OK) < 0);
}

/* ---- hostile things ----------------------------------------------------------------------------------- */

int nfpt_some_map(enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);

	return bpf_map_create(type, "hostile", key, value, entries, &options);
}

int nfpt_some_program(void)
{
	struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "hostile", "GPL", insns, G_N_ELEMENTS(insns), NULL);
}

void nfpt_put_object(const char *path, int fd)
{
	if (fd < 0)
		return;
	remove(path);
	bpf_obj_pin(fd, path);
	close(fd);
}

char *nfpt_bucket_pin(const char *row, struct nfp_bucket id, const char *suffix)
{
	return g_strdup_printf(NFPT_HOSTILE "/buckets/%s/%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "%s", row, (guint64)id.start_ts,
			       (guint64)id.end_ts, suffix);
}

void nfpt_add_label(struct nfp_bucket id, enum nfp_protocol row, gboolean pinned)
{
	g_autofree char *outer = g_build_filename(NFPT_HOSTILE, nfp_load_row_name(row), NULL);
	g_autofree char *pin = nfpt_bucket_pin(nfp_load_row_name(row), id, "");
	NFP_AUTO_FD int map = bpf_obj_get(outer);
	int inner = nfpt_some_map(BPF_MAP_TYPE_HASH, (uint32_t)nfp_load_key_size(row), (uint32_t)nfp_load_value_size(row), 16,
			     BPF_F_NO_PREALLOC);

	if (map >= 0 && inner >= 0)
		bpf_map_update_elem(map, &id, &inner, BPF_ANY);
	if (pinned)
		nfpt_put_object(pin, inner);
	else if (inner >= 0)
		close(inner);
}
