/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/domain.h"
#include "probe/table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/filter.h"
#include "probe/pinned.h"
#include "probe/sampling.h"

/* All hooks that an interface can have. */
static const uint8_t hook_flags[] = { 0, NFP_KEY_EGRESS, NFP_KEY_XDP };

static NfpProbe *probe_new(const NfpProbeOptions *options, bool readonly)
{
	NfpProbe *probe = g_new0(NfpProbe, 1);

	probe->directory = nfp_pins_directory(options);
	probe->links = g_build_filename(probe->directory, "links", NULL);
	probe->netns_name = g_strdup(options->netns);
	probe->instance = g_strdup(options->instance);
	probe->force_clsact = options->force_clsact;
	probe->readonly = readonly;
	probe->maps = NFP_MAPS_NONE;
	probe->claim_fd = -1;
	probe->base = (NfpReadBuffer){ g_byte_array_new(), g_byte_array_new() };
	probe->programs = g_array_new(FALSE, FALSE, sizeof(NfpProgram));
	return probe;
}

void nfp_probe_forget_programs(NfpProbe *probe)
{
	for (guint i = 0; i < probe->programs->len; i++) {
		NfpProgram *program = &g_array_index(probe->programs, NfpProgram, i);

		nfp_fd_clear(&program->fd);
		nfp_packet_filter_unref(&program->settings.parse.filter);
	}
	g_array_set_size(probe->programs, 0);
}

void nfp_probe_free(NfpProbe *probe)
{
	if (!probe)
		return;
	nfp_events_close(probe);
	nfp_buckets_free(probe->buckets);
	nfp_probe_forget_programs(probe);
	nfp_packet_filter_unref(&probe->parse.filter);
	g_array_unref(probe->programs);
	nfp_load_maps_close(&probe->maps);
	nfp_netlink_free(probe->netlink);
	nfp_netlink_free(probe->watch);
	nfp_netns_free(probe->netns);
	nfp_fd_clear(&probe->claim_fd);
	g_byte_array_unref(probe->base.keys);
	g_byte_array_unref(probe->base.values);
	g_free(probe->note);
	g_free(probe->aside);
	g_free(probe->directory);
	g_free(probe->links);
	g_free(probe->netns_name);
	g_free(probe->instance);
	g_free(probe);
}

NfpAttachContext nfp_probe_context(NfpProbe *probe)
{
	return (NfpAttachContext){ probe->netns, probe->netlink, probe->directory, probe->links, &probe->note };
}

typedef struct {
	NfpProbe *probe;
	GError **err;
} NfpSocketsCall;

static int open_sockets(void *data)
{
	NfpSocketsCall *call = data;

	call->probe->netlink = nfp_netlink_new(0, call->err);
	if (call->probe->netlink)
		call->probe->watch = nfp_netlink_new(RTMGRP_LINK, call->err);
	return call->probe->watch ? 0 : -1;
}

static gboolean enter_netns(NfpProbe *probe, GError **err)
{
	NfpSocketsCall call = { probe, err };

	probe->netns = nfp_netns_new(probe->netns_name, err);
	return probe->netns && nfp_netns_call(probe->netns, open_sockets, &call) == 0;
}

/* An interface has gone. A link that is alive all the same went with it into another network namespace,
 * where it would go on counting under a number that means nothing there. */
static void forget(NfpProbe *probe, uint32_t ifindex)
{
	NfpAttachContext context = nfp_probe_context(probe);
	char ifname[32];

	if (nfp_links_name(probe->netlink, ifindex, ifname) == -ENODEV) {
		for (guint i = 0; i < G_N_ELEMENTS(hook_flags); i++) {
			NfpHook hook = { ifindex, hook_flags[i] };

			nfp_attach_remove(&context, &hook);
		}
	}
	nfp_attach_forget(&context, ifindex);
}

/* Removes what speaks of interfaces that have gone, unnoticed by us. */
static void sweep(NfpProbe *probe)
{
	g_autoptr(GDir) dir = g_dir_open(probe->links, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		uint32_t ifindex = (uint32_t)g_ascii_strtoull(name, NULL, 10);
		char ifname[32];

		if (ifindex && nfp_links_name(probe->netlink, ifindex, ifname) == -ENODEV)
			forget(probe, ifindex);
	}
}

/* All links that are pinned. Detached first: the end of a link whose pin was its last holder is put off by the kernel. */
void nfp_probe_drop_links(NfpProbe *probe)
{
	NfpAttachContext context = nfp_probe_context(probe);
	g_autoptr(GDir) dir = g_dir_open(probe->links, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		NfpHook hook;

		if (nfp_attach_parse(name, &hook))
			nfp_pinned_remove(&context, &hook);
	}
	nfp_pins_remove_tree(probe->links);
}

/*
 * A domain's interfaces are numbers of one network namespace, which the directory remembers by the
 * namespace's cookie in a symbolic link. The name of a namespace may have been given to a new one:
 * then the links that are pinned are of the old one, and end.
 */
static gboolean check_netns(NfpProbe *probe, GError **err)
{
	g_autofree char *path = g_build_filename(probe->directory, "netns", NULL);
	g_autofree char *known = g_file_read_link(path, NULL);
	g_autofree char *own = g_strdup_printf("%" PRIu64, nfp_netns_cookie(probe->netns));

	if (!strcmp(own, "0") || (known && !strcmp(known, own)))
		return TRUE;
	if (known && !probe->netns_name) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "instance \"%s\" meters another network namespace than this one: choose another "
			    "name for the instance here, or, if that namespace has gone, remove %s (rm -r)",
			    probe->instance, probe->directory);
		return FALSE;
	}
	if (probe->readonly)
		return TRUE;
	if (known) {
		nfp_probe_drop_links(probe);
		if (unlink(path) < 0 || nfp_pins_mkdir(probe->links))
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot clean %s", probe->links);
	}
	/* Something that is no link may have its place. */
	if (!known)
		nfp_pins_remove_tree(path);
	if (symlink(own, path) < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make %s", path);
	return TRUE;
}

static gboolean adopt_hooks(NfpProbe *probe, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));
	int rc;

	sweep(probe);
	rc = nfp_attach_list(&context, attached);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot list what is attached");
	for (guint i = 0; i < attached->len; i++) {
		const NfpHook *hook = &g_array_index(attached, NfpAttached, i).hook;

		nfp_buckets_add_hook(probe->buckets, hook->ifindex, hook->flags);
	}
	return TRUE;
}

/* Only one process at a time makes or adopts a domain's maps. Released by closing it. */
static int lock_directory(const char *path, int operation)
{
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, operation) < 0)
		return -errno;
	return nfp_fd_steal(&fd);
}

static bool is_claimed(const NfpProbe *probe)
{
	g_autofree char *buckets = g_build_filename(probe->directory, "buckets", NULL);
	NFP_AUTO_FD int fd = lock_directory(buckets, LOCK_EX | LOCK_NB);

	return fd == -EWOULDBLOCK;
}

static gboolean make_directory(NfpProbe *probe, int *lock, GError **err)
{
	int rc = nfp_pins_mkdir(probe->links);

	nfp_fd_clear(lock);
	if (!rc)
		rc = *lock = lock_directory(probe->directory, LOCK_EX);
	return rc >= 0 || nfp_error_errno(err, NFP_ERROR_CANNOT, -rc, "cannot use %s", probe->directory);
}

static gboolean load_maps(NfpProbe *probe, const NfpProbeOptions *options, int *lock, GError **err)
{
	g_autoptr(GError) error = NULL;
	bool other = false;

	if (nfp_load_maps(probe->directory, true, &probe->maps, &other, &error))
		return TRUE;
	if (!other || !options->set_aside || is_claimed(probe)) {
		g_propagate_error(err, g_steal_pointer(&error));
		return FALSE;
	}
	return nfp_probe_put_aside(probe, options, err) && make_directory(probe, lock, err) && check_netns(probe, err) &&
	       nfp_load_maps(probe->directory, true, &probe->maps, &other, err);
}

static gboolean probe_make(NfpProbe *probe, const NfpProbeOptions *options, GError **err)
{
	NFP_AUTO_FD int lock = -1;
	int rc;

	/* The namespace first: one that is not there leaves no directory behind. */
	if (!enter_netns(probe, err) || !nfp_pins_prepare(options->pin_root, err) || !make_directory(probe, &lock, err) ||
	    !check_netns(probe, err) || !load_maps(probe, options, &lock, err))
		return FALSE;
	probe->buckets = nfp_buckets_new(&probe->maps, probe->directory, options->domain, false);
	probe->buckets->tables = !options->no_table && nfp_table_usable();
	probe->buckets->exact = options->exact_clock;
	rc = nfp_buckets_prepare(probe->buckets);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot make the spill bucket in %s",
				       probe->directory);
	return adopt_hooks(probe, err);
}

NfpProbe *nfp_probe_open(const NfpProbeOptions *options, GError **err)
{
	g_autoptr(NfpProbe) probe = probe_new(options, false);

	return probe_make(probe, options, err) ? g_steal_pointer(&probe) : NULL;
}

NfpProbe *nfp_probe_open_readonly(const NfpProbeOptions *options, GError **err)
{
	g_autoptr(NfpProbe) probe = probe_new(options, true);
	bool other;

	if (!nfp_load_maps(probe->directory, false, &probe->maps, &other, err))
		return NULL;
	probe->buckets = nfp_buckets_new(&probe->maps, probe->directory, options->domain, true);
	/* Counts can be read where the namespace has gone or cannot be entered; its interfaces cannot. */
	if (!enter_netns(probe, options->netns ? NULL : err)) {
		if (!options->netns)
			return NULL;
		g_clear_pointer(&probe->netlink, nfp_netlink_free);
	} else if (!check_netns(probe, err)) {
		return NULL;
	}
	return g_steal_pointer(&probe);
}

void nfp_probe_set_parse(NfpProbe *probe, NfpParseOptions options)
{
	nfp_packet_filter_ref(&options.filter);
	nfp_packet_filter_unref(&probe->parse.filter);
	probe->parse = options;
}

NfpSource *nfp_probe_source(NfpProbe *probe)
{
	return &probe->buckets->source;
}

gboolean nfp_probe_claim(NfpProbe *probe, GError **err)
{
	if (probe->claim_fd >= 0)
		return TRUE;
	probe->claim_fd = lock_directory(probe->buckets->directory, LOCK_EX | LOCK_NB);
	if (probe->claim_fd >= 0)
		return TRUE;
	if (probe->claim_fd == -EWOULDBLOCK) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "another nfprobe drains instance \"%s\": stop it, or choose another name for this "
			    "instance", probe->instance);
		return FALSE;
	}
	return nfp_error_errno(err, NFP_ERROR_FAILED, -probe->claim_fd, "cannot lock %s", probe->directory);
}

static int program_for(NfpProbe *probe, const NfpLink *link, uint8_t flags, uint32_t sample, GError **err)
{
	NfpProgram made = { .settings = { .egress = flags & NFP_KEY_EGRESS,
					  .xdp = flags & NFP_KEY_XDP,
					  .l3 = !link->ethernet,
					  .table = probe->buckets->tables,
					  .exact = probe->buckets->exact,
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

static gboolean attach_one(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	NfpHook hook = { link->ifindex, flags };
	struct nfp_books_key key = { .ifindex = link->ifindex, .flags = flags };
	int sample = nfp_sampling_set(&probe->maps, &key, &probe->parse.sampling, nfp_attach_has(&context, &hook), err);
	int program = sample < 0 ? -1 : program_for(probe, link, flags, (uint32_t)sample, err);

	if (program < 0)
		return FALSE;
	/* Its rows first: then its first packet has one. */
	nfp_buckets_add_hook(probe->buckets, hook.ifindex, hook.flags);
	if (nfp_attach(&context, &hook, program, probe->force_clsact, err))
		return TRUE;
	nfp_buckets_remove_hook(probe->buckets, hook.ifindex, hook.flags, true);
	return FALSE;
}

gboolean nfp_probe_find_link(NfpProbe *probe, const char *ifname, NfpLink *ret_link, GError **err)
{
	int rc = probe->netlink ? nfp_links_find(probe->netlink, ifname, ret_link) : -ENOTCONN;

	if (rc == -ENODEV) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "there is no interface \"%s\"%s%s", ifname,
			    probe->netns_name ? " in network namespace " : "",
			    probe->netns_name ? probe->netns_name : "");
		return FALSE;
	}
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot ask for interface %s", ifname);
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

/* flags: 0 or NFP_KEY_XDP; what is there of the other kind makes room. */
static gboolean attach_ingress(NfpProbe *probe, const NfpLink *link, uint8_t flags, GError **err)
{
	return attach_one(probe, link, flags, err) && remove_one(probe, link, flags ^ NFP_KEY_XDP, err);
}

const char *nfp_probe_note(const NfpProbe *probe)
{
	return probe->note;
}

gboolean nfp_probe_attach(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind kind,
			  GError **err)
{
	uint8_t in = kind == NFP_HOOK_XDP ? NFP_KEY_XDP : 0;
	NfpLink link;

	g_return_val_if_fail(!probe->readonly, FALSE);
	if (kind == NFP_HOOK_XDP && direction == NFP_DIRECTION_EGRESS) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "%s: XDP sees what comes in only: use hook: tc for direction: egress", ifname);
		return FALSE;
	}
	g_clear_pointer(&probe->note, g_free);
	if (!nfp_probe_find_link(probe, ifname, &link, err))
		return FALSE;
	if ((direction != NFP_DIRECTION_EGRESS && !attach_ingress(probe, &link, in, err)) ||
	    (direction != NFP_DIRECTION_INGRESS && !attach_one(probe, &link, NFP_KEY_EGRESS, err))) {
		g_prefix_error(err, "%s: ", ifname);
		return FALSE;
	}
	return TRUE;
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
	for (guint i = 0; i < G_N_ELEMENTS(hook_flags); i++) {
		NfpDirection its = hook_flags[i] & NFP_KEY_EGRESS ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS;

		if (direction != NFP_DIRECTION_BOTH && its == spared)
			continue;
		if (!remove_one(probe, &link, hook_flags[i], err))
			return FALSE;
	}
	return TRUE;
}

/* Whatever the maps are: needs the directory's names and netlink only. */
static gboolean remove_all(NfpProbe *probe, GError **err)
{
	NfpAttachContext context = nfp_probe_context(probe);
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));
	int rc = nfp_attach_list(&context, attached);

	for (guint i = 0; !rc && i < attached->len; i++)
		rc = nfp_attach_remove(&context, &g_array_index(attached, NfpAttached, i).hook);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot detach");
	nfp_object_unshare(probe->directory);
	rc = nfp_pins_remove_tree(probe->directory);
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot remove %s", probe->directory);
}

gboolean nfp_probe_detach_all(NfpProbe *probe, GError **err)
{
	g_return_val_if_fail(!probe->readonly, FALSE);
	return remove_all(probe, err);
}

gboolean nfp_probe_purge(const NfpProbeOptions *options, GError **err)
{
	g_autoptr(NfpProbe) probe = probe_new(options, false);

	if (access(probe->directory, F_OK) < 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "nothing is pinned at %s", probe->directory);
		return FALSE;
	}
	/* Not from under one that runs: what it counts would be gone, and it would never notice. */
	if (is_claimed(probe)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "a running nfprobe drains %s: stop it first",
			    probe->directory);
		return FALSE;
	}
	if (!enter_netns(probe, options->netns ? NULL : err)) {
		if (!options->netns)
			return FALSE;
		/* The namespace has gone, and its filters with it; links end with their pins. */
		nfp_object_unshare(probe->directory);
		return nfp_pins_remove_tree(probe->directory) == 0 ||
		       nfp_error_errno(err, NFP_ERROR_FAILED, ENOTEMPTY, "cannot remove %s", probe->directory);
	}
	return check_netns(probe, err) && remove_all(probe, err);
}

/* Native drivers take GSO and GRO off, all but tap: its buffers with GSO go the generic way
 * (drivers/net/tun.c, tun_build_skb()). */
static uint8_t limits_of(NfpProbe *probe, const NfpAttached *attached, const char *ifname)
{
	uint8_t limits = 0;
	NfpLink link;

	if (!attached->method->xdp)
		return 0;
	if (attached->method == &nfp_attach_xdp_generic ||
	    (!nfp_links_find(probe->netlink, ifname, &link) && !strcmp(link.kind, "tun")))
		limits |= NFP_LIMIT_GSO;
	if (nfp_links_strips_tags(probe->netlink, ifname))
		limits |= NFP_LIMIT_VLAN;
	return limits;
}

int nfp_probe_hooks(NfpProbe *probe, GArray *ret_hooks)
{
	NfpAttachContext context = nfp_probe_context(probe);
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));
	int rc = probe->netlink ? nfp_attach_list(&context, attached) : -ENOTCONN;

	if (rc)
		return rc;
	g_array_set_size(ret_hooks, 0);
	for (guint i = 0; i < attached->len; i++) {
		const NfpAttached *one = &g_array_index(attached, NfpAttached, i);
		NfpHookInfo info = {
			.ifindex = one->hook.ifindex,
			.flags = one->hook.flags,
			.method = one->method->name,
		};
		uint64_t before = 0, after = 0;

		info.sampling = nfp_sampling_rate(&probe->maps, info.ifindex, info.flags, &info.sampling_budget);
		/* May have gone since it was listed: then without a name. */
		if (!nfp_links_name(probe->netlink, info.ifindex, info.ifname)) {
			nfp_links_dropped(probe->netlink, info.ifindex, &before, &after);
			info.limits = limits_of(probe, one, info.ifname);
		}
		if (info.flags & NFP_KEY_EGRESS)
			info.dropped_after = after;
		else
			info.dropped_before = before;
		g_array_append_val(ret_hooks, info);
	}
	return 0;
}

int nfp_probe_links(NfpProbe *probe, GArray *ret_links)
{
	return probe->netlink ? nfp_links_list(probe->netlink, ret_links) : -ENOTCONN;
}

uint32_t nfp_probe_link_speed(NfpProbe *probe, const char *ifname)
{
	return probe->netlink ? nfp_links_speed(probe->netlink, ifname) : 0;
}

int nfp_probe_watch_fd(NfpProbe *probe)
{
	return probe->watch ? nfp_netlink_fd(probe->watch) : -1;
}

typedef struct {
	NfpProbe *probe;
	GArray *gone;
} NfpWatchCall;

static void forget_gone(const struct nlmsghdr *message, void *data)
{
	NfpWatchCall *call = data;
	NfpProbe *probe = call->probe;
	uint32_t ifindex = nfp_links_gone(message);

	if (!ifindex || probe->readonly)
		return;
	if (call->gone)
		g_array_append_val(call->gone, ifindex);
	forget(probe, ifindex);
	for (guint i = 0; i < G_N_ELEMENTS(hook_flags); i++)
		nfp_buckets_remove_hook(probe->buckets, ifindex, hook_flags[i], true);
}

void nfp_probe_watch_drain(NfpProbe *probe, GArray *ret_gone)
{
	NfpWatchCall call = { probe, ret_gone };

	if (!probe->watch)
		return;
	/* Messages were lost: whose interface has gone is found out by looking. */
	while (nfp_netlink_listen(probe->watch, forget_gone, &call) == -ENOBUFS) {
		if (!probe->readonly)
			sweep(probe);
	}
}
