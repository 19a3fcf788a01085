/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hooks of a domain: programs are made for them, put in the place of others, taken off. */
#include <bpf/bpf.h>

#include "base/error.h"
#include "probe/domain.h"
#include "probe/sampling.h"

const uint8_t nfp_probe_hook_flags[NFP_HOOKS_N] = { 0, NFP_KEY_EGRESS, NFP_KEY_XDP };

void nfp_probe_forget_programs(NfpProbe *probe)
{
	for (guint i = 0; i < probe->programs->len; i++) {
		NfpProgram *program = &g_array_index(probe->programs, NfpProgram, i);

		nfp_fd_clear(&program->fd);
		nfp_packet_filter_unref(&program->settings.parse.filter);
	}
	g_array_set_size(probe->programs, 0);
}

void nfp_probe_set_parse(NfpProbe *probe, NfpParseOptions options)
{
	nfp_packet_filter_ref(&options.filter);
	nfp_packet_filter_unref(&probe->parse.filter);
	probe->parse = options;
}

/* Packets have a clock, and no ticks with it (probe/tick.h): those that wait for ticks would all take the general path. */
static bool has_no_ticks(const NfpProbe *probe)
{
	struct nfp_config config;
	uint32_t zero = 0;

	return !bpf_map_lookup_elem(probe->maps.config, &zero, &config) && config.clock[config.active & 1].length &&
	       !config.tick[config.active & 1].length;
}

static int program_for(NfpProbe *probe, const NfpLink *link, uint8_t flags, uint32_t sample, GError **err)
{
	NfpProgram made = { .settings = { .egress = flags & NFP_KEY_EGRESS,
					  .xdp = flags & NFP_KEY_XDP,
					  .l3 = !link->ethernet,
					  .table = probe->buckets->tables,
					  .exact = probe->buckets->exact || has_no_ticks(probe),
					  .sample = sample,
					  .parse = probe->parse } };

	if (made.settings.parse.routes && (flags & NFP_KEY_EGRESS || nfp_links_is_port(probe->netlink, link)))
		made.settings.parse.routes = false;
	for (guint i = 0; i < probe->programs->len; i++) {
		const NfpProgram *program = &g_array_index(probe->programs, NfpProgram, i);

		if (nfp_load_same_settings(&program->settings, &made.settings))
			return program->fd;
	}
	made.fd = nfp_load_program(&probe->maps, made.settings, err);
	if (made.fd >= 0) {
		nfp_packet_filter_ref(&made.settings.parse.filter);
		g_array_append_val(probe->programs, made);
	}
	return made.fd;
}

/* The program of this hook, which has a program already or not; owned by the probe. -1: the kernel does not take it. */
static int program_of(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	NfpHook hook = { link->ifindex, flags };
	struct nfp_books_key key = { .ifindex = link->ifindex, .flags = flags };
	int sample = nfp_sampling_mode(probe->buckets, &key, &probe->parse.sampling, nfp_attach_has(&context, &hook), err);

	return sample < 0 ? -1 : program_for(probe, link, flags, (uint32_t)sample, err);
}

/* FALSE: the hook is as it was. */
static gboolean attach_one(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	NfpHook hook = { link->ifindex, flags };
	struct nfp_books_key key = { .ifindex = link->ifindex, .flags = flags };
	bool had = nfp_attach_has(&context, &hook);
	int program = program_of(probe, link, flags, err);
	NFP_AUTO_FD int lock = -1;
	NfpSamplingKept kept;

	if (program < 0)
		return FALSE;
	/* Whoever opens the domain forgets hooks that have rows and are not attached. Where it cannot be locked, nothing can
	 * be opened. */
	lock = nfp_probe_lock(probe);
	nfp_sampling_keep(probe->buckets, &key, &kept);
	if (nfp_sampling_set(probe->buckets, &key, &probe->parse.sampling, had, err) < 0)
		return FALSE;
	/* Its rows first: then its first packet has one. */
	nfp_buckets_add_hook(probe->buckets, hook.ifindex, hook.flags);
	if (nfp_attach(&context, &hook, program, probe->force_clsact, err))
		return TRUE;
	if (had)
		nfp_sampling_restore(probe->buckets, &key, &kept);
	else
		nfp_buckets_remove_hook(probe->buckets, hook.ifindex, hook.flags, true);
	return FALSE;
}

static gboolean remove_one(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	NfpHook hook = { link->ifindex, flags };
	int rc = nfp_attach_remove(&context, &hook);

	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot detach from %s", link->name);
	nfp_buckets_remove_hook(probe->buckets, hook.ifindex, hook.flags, true);
	return TRUE;
}

/*
 * flags: 0 or NFP_KEY_XDP; what is there of the other kind makes room, first: both would count every packet in between.
 * Where the new one cannot be had (XDP is for one program alone) the other one comes back.
 */
static gboolean attach_ingress(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	NfpHook hook = { link->ifindex, flags }, other = { link->ifindex, flags ^ NFP_KEY_XDP };
	g_autoptr(GError) error = NULL;
	int program;

	if (!nfp_attach_has(&context, &other))
		return attach_one(probe, link, flags, err);
	/* What takes time, and what can be refused, is done before: the gap is that between two system calls. */
	program = program_of(probe, link, flags, err);
	if (program < 0 || !nfp_attach_try(&context, &hook, program, err) || !remove_one(probe, link, other.flags, err))
		return FALSE;
	if (attach_one(probe, link, flags, err))
		return TRUE;
	if (!attach_one(probe, link, other.flags, &error))
		g_prefix_error(err, "what comes in is not metered any more (%s): ", error->message);
	return FALSE;
}

const char *nfp_probe_note(const NfpProbe *probe)
{
	return probe->note;
}

static uint8_t ingress_flags(NfpHookKind kind)
{
	return kind == NFP_HOOK_XDP ? NFP_KEY_XDP : 0;
}

/* The programs of both directions, before anything is attached. */
static gboolean try_link(NfpProbe *probe, const NfpLink *link, NfpDirection direction, NfpHookKind kind, GError **err)
{
	return (direction == NFP_DIRECTION_EGRESS || program_of(probe, link, ingress_flags(kind), err) >= 0) &&
	       (direction == NFP_DIRECTION_INGRESS || program_of(probe, link, NFP_KEY_EGRESS, err) >= 0);
}

static gboolean attach_link(NfpProbe *probe, const NfpLink *link, NfpDirection direction, NfpHookKind kind, GError **err)
{
	return try_link(probe, link, direction, kind, err) &&
	       (direction == NFP_DIRECTION_EGRESS || attach_ingress(probe, link, ingress_flags(kind), err)) &&
	       (direction == NFP_DIRECTION_INGRESS || attach_one(probe, link, NFP_KEY_EGRESS, err));
}

/* fn: of those two. */
static gboolean with_link(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind kind,
			  gboolean (*fn)(NfpProbe *, const NfpLink *, NfpDirection, NfpHookKind, GError **), GError **err)
{
	NfpLink link;

	g_return_val_if_fail(!probe->readonly, FALSE);
	if (kind == NFP_HOOK_XDP && direction == NFP_DIRECTION_EGRESS) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "%s: XDP sees what comes in only: use hook: tc for direction: egress", ifname);
		return FALSE;
	}
	g_clear_pointer(&probe->note, g_free);
	if (!nfp_probe_find_readable(probe, ifname, &link, err))
		return FALSE;
	if (fn(probe, &link, direction, kind, err))
		return TRUE;
	g_prefix_error(err, "%s: ", ifname);
	return FALSE;
}

gboolean nfp_probe_try(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind kind, GError **err)
{
	return with_link(probe, ifname, direction, kind, try_link, err);
}

gboolean nfp_probe_attach(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind kind,
			  GError **err)
{
	return with_link(probe, ifname, direction, kind, attach_link, err);
}

gboolean nfp_probe_detach(NfpProbe *probe, const char *ifname, GError **err)
{
	return nfp_probe_detach_direction(probe, ifname, NFP_DIRECTION_BOTH, err);
}

gboolean nfp_probe_detach_direction(NfpProbe *probe, const char *ifname, NfpDirection direction, GError **err)
{
	NfpDirection spared = direction == NFP_DIRECTION_INGRESS ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS;
	NfpLink link;

	g_return_val_if_fail(!probe->readonly, FALSE);
	if (!nfp_probe_find_link(probe, ifname, &link, err))
		return FALSE;
	for (guint i = 0; i < NFP_HOOKS_N; i++) {
		NfpDirection its = nfp_probe_hook_flags[i] & NFP_KEY_EGRESS ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS;

		if (direction != NFP_DIRECTION_BOTH && its == spared)
			continue;
		if (!remove_one(probe, &link, nfp_probe_hook_flags[i], err))
			return FALSE;
	}
	return TRUE;
}
