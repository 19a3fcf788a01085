/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "nfprobe.skel.h"
#include "probe/bpflog.h"
#include "probe/fib.h"
#include "probe/filter.h"
#include "probe/oldkernel.h"
#include "probe/pins.h"
#include "probe/table.h"

/* Values of knob_link (enum nfp_link of ebpf/parse.h), knob_clock (enum nfp_clock_source), knob_fib (NFP_FIB_ASK). */
enum { LINK_ETHERNET = 0, LINK_L3 = 1, LINK_RAW = 2 };
enum { CLOCK_BOOT = 0, CLOCK_CAPTURE = 1, CLOCK_TICK = 2 };
enum { FIB_ASK = 0x80 };
enum { GENERAL, TABLE, FILTERED_TABLE, FILTERED_GENERAL }; /* of knob_way (enum nfp_way_in) */

static uint8_t link_of(NfpProgramSettings settings)
{
	if (!settings.l3)
		return LINK_ETHERNET;
	return settings.capture || settings.xdp ? LINK_RAW : LINK_L3;
}

static uint8_t clock_of(NfpProgramSettings settings)
{
	if (settings.capture)
		return CLOCK_CAPTURE;
	return settings.exact ? CLOCK_BOOT : CLOCK_TICK;
}

/* What leaves has its egress interface, and captures are of another host. */
static uint8_t fib_of(NfpProgramSettings settings)
{
	return settings.parse.routes && !settings.egress && !settings.capture ? FIB_ASK | nfp_fib_flags() : 0;
}

static const struct {
	const char *name;
	size_t offset; /* of the descriptor in NfpMaps */
} map_rows[] = {
#define NFP_PROTOCOL(name, key, parent) { #name, offsetof(NfpMaps, bucket[NFP_P_##name]) },
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	{ "hook", offsetof(NfpMaps, bucket[NFP_P_hook]) },
	{ "status", offsetof(NfpMaps, status) },
	{ "base", offsetof(NfpMaps, base) },
	{ "books", offsetof(NfpMaps, books) },
	{ "rates", offsetof(NfpMaps, rates) },
	{ "events", offsetof(NfpMaps, events) },
	{ "refused", offsetof(NfpMaps, refused) },
	{ "scratch", offsetof(NfpMaps, scratch) },
	{ "ring", offsetof(NfpMaps, ring) },
	{ "tables4", offsetof(NfpMaps, tables4) },
	{ "tables6", offsetof(NfpMaps, tables6) },
	{ "hookslot", offsetof(NfpMaps, hookslot) },
	{ "lane", offsetof(NfpMaps, lane) },
	{ "ways", offsetof(NfpMaps, ways) },
	{ "fragments", offsetof(NfpMaps, fragments) },
	/* Pinned last, with the ABI in it: where it is, the others are. */
	{ "config", offsetof(NfpMaps, config) },
};

static const struct {
	const char *name;
	size_t key_size, value_size;
} bucket_rows[] = {
#define NFP_PROTOCOL(name, key, parent)                                                            \
	[NFP_P_##name] = { #name, sizeof(struct key), sizeof(struct nfp_value) },
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	[NFP_P_hook] = { "hook", sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row) },
};
G_STATIC_ASSERT(G_N_ELEMENTS(bucket_rows) == NFP_P_N + 1);

const char *nfp_load_row_name(enum nfp_protocol row)
{
	return bucket_rows[row].name;
}

size_t nfp_load_key_size(enum nfp_protocol row)
{
	return bucket_rows[row].key_size;
}

size_t nfp_load_value_size(enum nfp_protocol row)
{
	return bucket_rows[row].value_size;
}

static int *map_fd(NfpMaps *maps, guint row)
{
	return (int *)((char *)maps + map_rows[row].offset);
}

void nfp_load_maps_close(NfpMaps *maps)
{
	for (guint i = 0; i < G_N_ELEMENTS(map_rows); i++)
		nfp_fd_clear(map_fd(maps, i));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpMaps, nfp_load_maps_close)
typedef struct nfprobe_bpf NfpSkeleton;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSkeleton, nfprobe_bpf__destroy)

const void *nfp_load_object(size_t *ret_size)
{
	return nfprobe_bpf__elf_bytes(ret_size);
}

/* filter: or NULL. */
static struct nfprobe_bpf *open_with(const GArray *filter)
{
	struct nfprobe_bpf *skeleton;
	g_autofree void *object = NULL;
	const void *original;
	size_t size;
	int rc = 0;

	if (nfp_table_usable() && !filter)
		return nfprobe_bpf__open();
	original = nfprobe_bpf__elf_bytes(&size);
	object = g_memdup2(original, size);
	if (!nfp_table_usable())
		rc = nfp_oldkernel_patch(object, size);
	if (rc >= 0 && filter)
		rc = nfp_translate_splice(object, size, filter);
	skeleton = rc < 0 ? NULL : calloc(1, sizeof(*skeleton));
	if (skeleton)
		rc = nfprobe_bpf__create_skeleton(skeleton);
	if (skeleton && !rc) {
		skeleton->skeleton->data = object; /* read by the next call only */
		skeleton->skeleton->data_sz = size;
		rc = bpf_object__open_skeleton(skeleton->skeleton, NULL);
	}
	if (skeleton && !rc)
		return skeleton;
	nfprobe_bpf__destroy(skeleton);
	errno = rc < 0 ? -rc : ENOMEM;
	return NULL;
}

struct nfprobe_bpf *nfp_load_open(void)
{
	return open_with(NULL);
}

/* pin: the one that tells. */
static gboolean another_build(const char *directory, const char *pin, bool *ret_other, GError **err)
{
	*ret_other = true;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "the maps in %s were made by another build of nfprobe (%s is not as this one makes it): drain them with "
		    "that one, or give up what they hold with \"nfprobe detach\"", directory, pin);
	return FALSE;
}

static gboolean cannot_open(const char *path, int rc, GError **err)
{
	if (rc != -EISDIR && rc != -ELOOP)
		return nfp_error_errno(err, rc == -EPERM || rc == -EACCES ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -rc,
				       "cannot open %s", path);
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s is a %s and no map: somebody else put it there, remove it", path,
		    rc == -EISDIR ? "folder" : "symbolic link");
	return FALSE;
}

/* A map that was pinned before must be what this build would make. */
static bool is_same(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return false;
	return info.type == (uint32_t)bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) && info.map_flags == bpf_map__map_flags(map) &&
	       /* 0: libbpf puts the number of CPUs */
	       (!bpf_map__max_entries(map) || info.max_entries == bpf_map__max_entries(map));
}

/* Opens what is pinned; *missing: rows that were not there. */
static gboolean maps_adopt(NfpSkeleton *skeleton, const char *directory, NfpMaps *maps, guint *missing,
			   bool *ret_other, GError **err)
{
	*missing = 0;
	for (guint i = 0; i < G_N_ELEMENTS(map_rows); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, map_rows[i].name);
		g_autofree char *path = g_build_filename(directory, map_rows[i].name, NULL);
		int *fd = map_fd(maps, i);

		g_assert(map); /* ebpf/maps.bpf.h has what map_rows names */
		*fd = nfp_pins_get(path);
		if (*fd == -ENOENT) {
			++*missing;
			continue;
		}
		if (*fd < 0)
			return cannot_open(path, *fd, err);
		if (!is_same(*fd, map))
			return another_build(directory, map_rows[i].name, ret_other, err);
		if (bpf_map__reuse_fd(map, *fd))
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot use %s", path);
	}
	return TRUE;
}

static gboolean load_error(NfpBpfLog *log, int rc, const char *what, GError **err)
{
	nfp_error_errno(err, rc == -EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -rc, "%s", what);
	if (rc == -EPERM) /* before 5.11; libbpf raises the limit where it may */
		g_prefix_error(err, "capability missing, or before Linux 5.11 RLIMIT_MEMLOCK too low for BPF maps (ulimit -l "
				    "unlimited, LimitMEMLOCK=infinity of the service): ");
	nfp_bpflog_explain(log, err);
	return FALSE;
}

static gboolean maps_make(NfpSkeleton *skeleton, const char *directory, NfpMaps *maps, NfpBpfLog *log,
			  GError **err)
{
	struct nfp_config config = { .abi = NFP_ABI_HASH };
	struct bpf_program *program;
	uint32_t zero = 0;
	int rc;

	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, false);
	rc = nfprobe_bpf__load(skeleton);
	if (rc)
		return load_error(log, rc, "cannot make the BPF maps", err);
	for (guint i = 0; i < G_N_ELEMENTS(map_rows); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, map_rows[i].name);
		g_autofree char *path = g_build_filename(directory, map_rows[i].name, NULL);
		int *fd = map_fd(maps, i);

		if (*fd >= 0)
			continue;
		*fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
		if (*fd < 0)
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot keep map %s", path);
		if (fd == &maps->config && bpf_map_update_elem(*fd, &zero, &config, BPF_ANY))
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot write %s", path);
		if (bpf_obj_pin(*fd, path))
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot pin %s", path);
	}
	return TRUE;
}

static gboolean check_abi(const char *directory, const NfpMaps *maps, bool *ret_other, GError **err)
{
	struct nfp_config config;
	uint32_t zero = 0;

	if (maps->config < 0)
		return TRUE;
	if (bpf_map_lookup_elem(maps->config, &zero, &config))
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot read %s/config", directory);
	return config.abi == NFP_ABI_HASH || another_build(directory, "config", ret_other, err);
}

gboolean nfp_load_maps(const char *directory, bool make, NfpMaps *ret_maps, bool *ret_other, GError **err)
{
	g_autoptr(NfpBpfLog) log = nfp_bpflog_begin();
	g_autoptr(NfpSkeleton) skeleton = nfp_load_open();
	NfpMaps maps = NFP_MAPS_NONE;
	G_GNUC_UNUSED g_autoptr(NfpMaps) guard = &maps; /* closes what is open on a failure */
	guint missing;

	*ret_other = false;
	if (!skeleton)
		return load_error(log, -errno, "cannot open the BPF object", err);
	if (!maps_adopt(skeleton, directory, &maps, &missing, ret_other, err) || !check_abi(directory, &maps, ret_other, err))
		return FALSE;
	if (missing && !make) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "nothing is pinned at %s: nfprobe has not been started with this instance", directory);
		return FALSE;
	}
	if (missing && !maps_make(skeleton, directory, &maps, log, err))
		return FALSE;
	*ret_maps = maps;
	maps = NFP_MAPS_NONE;
	return TRUE;
}

/* Where bottom halves can be preempted (6.18 and later with PREEMPT_RT), one CPU may be in two hooks. */
static bool is_realtime_kernel(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

/* Slots have no atomic adds: one writer at a time is all that they allow. */
static bool has_table(NfpProgramSettings settings)
{
	return settings.table && !is_realtime_kernel();
}

static uint8_t way_of(NfpProgramSettings settings)
{
	if (nfp_packet_filter_is_set(&settings.parse.filter))
		return has_table(settings) ? FILTERED_TABLE : FILTERED_GENERAL;
	return has_table(settings) ? TABLE : GENERAL;
}

void nfp_load_knobs(NfpProgramSettings settings, NfpKnob ret_knobs[NFP_KNOBS_N])
{
	const NfpKnob knobs[NFP_KNOBS_N] = {
		{ "knob_egress", 1, settings.egress },
		{ "knob_link", 1, link_of(settings) },
		{ "knob_atomic", 1, is_realtime_kernel() },
		{ "knob_clock", 1, clock_of(settings) },
		{ "knob_decap", 4, settings.parse.decapsulate },
		{ "knob_table", 1, has_table(settings) },
		{ "knob_fragments", 1, settings.parse.fragments },
		{ "knob_fib", 1, fib_of(settings) },
		{ "knob_way", 1, way_of(settings) },
	};

	memcpy(ret_knobs, knobs, sizeof(knobs));
}

/* The helpers came with frames of several buffers (5.18). */
static bool has_xdp_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

gboolean nfp_load_filter(NfpProgramSettings settings, NfpFilterCode *ret, GError **err)
{
	NfpContext context = !settings.xdp ? NFP_CONTEXT_SKB : has_xdp_frags() ? NFP_CONTEXT_XDP_FRAGS : NFP_CONTEXT_XDP;

	*ret = NFP_FILTER_CODE_NONE;
	return !nfp_packet_filter_is_set(&settings.parse.filter) ||
	       nfp_filter_code_make(&settings.parse.filter, context, !settings.l3, ret, err);
}

/* Only the one that is asked for is loaded. */
static struct bpf_program *choose_program(NfpSkeleton *skeleton, NfpProgramSettings settings)
{
	struct bpf_program *program;

	bpf_program__set_autoload(skeleton->progs.nfprobe_tc, false);
	if (!settings.xdp)
		program = settings.sample ? skeleton->progs.nfprobe_tc_some : skeleton->progs.nfprobe_tc;
	else if (has_xdp_frags())
		program = settings.sample ? skeleton->progs.nfprobe_frags_some : skeleton->progs.nfprobe_xdp_frags;
	else
		program = settings.sample ? skeleton->progs.nfprobe_xdp_some : skeleton->progs.nfprobe_xdp;
	bpf_program__set_autoload(program, true);
	return program;
}

bool nfp_load_same_settings(const NfpProgramSettings *a, const NfpProgramSettings *b)
{
	return a->egress == b->egress && a->xdp == b->xdp && a->l3 == b->l3 && a->capture == b->capture &&
	       a->table == b->table && a->exact == b->exact && a->sample == b->sample &&
	       a->parse.decapsulate == b->parse.decapsulate && a->parse.fragments == b->parse.fragments &&
	       a->parse.routes == b->parse.routes && nfp_packet_filter_same(&a->parse.filter, &b->parse.filter);
}

/* filter: of the settings, translated. */
static int load(const NfpMaps *maps, NfpProgramSettings settings, const GArray *filter, GError **err)
{
	g_autoptr(NfpBpfLog) log = nfp_bpflog_begin();
	g_autoptr(NfpSkeleton) skeleton = open_with(filter);
	struct bpf_program *program;
	int rc, fd;

	if (!skeleton) {
		load_error(log, -errno, "cannot open the BPF object", err);
		return -1;
	}
	for (guint i = 0; i < G_N_ELEMENTS(map_rows); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, map_rows[i].name);

		rc = bpf_map__reuse_fd(map, *map_fd((NfpMaps *)maps, i));
		if (rc) {
			load_error(log, rc, "cannot share the BPF maps", err);
			return -1;
		}
	}
	skeleton->rodata->knob_egress = settings.egress;
	skeleton->rodata->knob_link = link_of(settings);
	skeleton->rodata->knob_clock = clock_of(settings);
	skeleton->rodata->knob_atomic = is_realtime_kernel();
	skeleton->rodata->knob_table = has_table(settings);
	skeleton->rodata->knob_decap = settings.parse.decapsulate;
	skeleton->rodata->knob_fragments = settings.parse.fragments;
	skeleton->rodata->knob_fib = fib_of(settings);
	skeleton->rodata->knob_way = way_of(settings);
	skeleton->rodata->knob_sample = (uint8_t)settings.sample;
	program = choose_program(skeleton, settings);
	if (settings.parse.decapsulate &&
	    (program == skeleton->progs.nfprobe_xdp || program == skeleton->progs.nfprobe_xdp_some)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "taking tunnels off at the XDP hook takes Linux 5.18: use hook: tc");
		return -1;
	}
	rc = nfprobe_bpf__load(skeleton);
	if (rc) {
		load_error(log, rc, "the kernel refuses the BPF program", err);
		return -1;
	}
	fd = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot keep the BPF program");
	return fd;
}

static bool loads(const NfpMaps *maps, NfpProgramSettings settings, const GArray *filter)
{
	NFP_AUTO_FD int fd = load(maps, settings, filter, NULL);

	return fd >= 0;
}

/* Old verifiers give up on larger programs; whether this one does is found out by asking. NULL: it is something else. */
static const char *what_is_too_much(const NfpMaps *maps, NfpProgramSettings settings, const GArray *filter)
{
	NfpProgramSettings plain = settings;

	plain.parse.filter = (NfpPacketFilter){ 0 };
	if (filter && loads(maps, plain, NULL))
		return "the kernel does not take the program with this filter: make it shorter, or leave it out";
	plain = settings;
	plain.parse.routes = false;
	if (fib_of(settings) && loads(maps, plain, filter))
		return "this kernel does not take the program that asks for routes: leave out enrichment.routes, or decapsulate, "
		       "or meter with direction: egress, where both interfaces are known without asking";
	plain = settings;
	plain.parse.decapsulate = 0;
	if (settings.parse.decapsulate && !settings.xdp && loads(maps, plain, filter))
		return "this kernel does not take the program that takes tunnels off (Linux 5.15 does): leave out decapsulate, "
		       "and the tunnels' own headers are what is counted";
	return NULL;
}

int nfp_load_program(const NfpMaps *maps, NfpProgramSettings settings, GError **err)
{
	g_auto(NfpFilterCode) filter = NFP_FILTER_CODE_NONE;
	GError *error = NULL;
	const char *why;
	int fd;

	if (!nfp_load_filter(settings, &filter, err))
		return -1;
	fd = load(maps, settings, filter.insns, &error);
	why = fd < 0 ? what_is_too_much(maps, settings, filter.insns) : NULL;
	if (why) {
		g_clear_error(&error);
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s", why);
		return -1;
	}
	if (error)
		g_propagate_error(err, error);
	return fd;
}
