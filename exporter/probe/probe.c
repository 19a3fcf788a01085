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
		for (guint i = 0; i < NFP_HOOKS_N; i++) {
			NfpHook hook = { ifindex, nfp_probe_hook_flags[i] };

			nfp_attach_remove(&context, &hook);
		}
	}
	nfp_attach_forget(&context, ifindex);
	for (guint i = 0; i < NFP_HOOKS_N; i++)
		nfp_buckets_remove_hook(probe->buckets, ifindex, nfp_probe_hook_flags[i], true);
}

/* Removes what speaks of interfaces that have gone, unnoticed by us. Not all have a pin: a filter in somebody else's
 * clsact has none. */
static void sweep(NfpProbe *probe, GArray *gone)
{
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) hooks = nfp_buckets_hooks(probe->buckets);
	g_autoptr(GDir) dir = g_dir_open(probe->links, 0, NULL);
	GHashTableIter iter;
	const char *name;
	void *number;

	while (dir && (name = g_dir_read_name(dir)))
		g_hash_table_add(known, GUINT_TO_POINTER((guint)g_ascii_strtoull(name, NULL, 10)));
	for (guint i = 0; i < hooks->len; i++)
		g_hash_table_add(known, GUINT_TO_POINTER(g_array_index(hooks, struct nfp_hook_key, i).ifindex));
	g_hash_table_iter_init(&iter, known);
	while (g_hash_table_iter_next(&iter, &number, NULL)) {
		uint32_t ifindex = GPOINTER_TO_UINT(number);
		char ifname[32];

		if (!ifindex || nfp_links_name(probe->netlink, ifindex, ifname) != -ENODEV)
			continue;
		if (gone)
			g_array_append_val(gone, ifindex);
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

	sweep(probe, NULL);
	rc = nfp_attach_list(&context, attached);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot list what is attached");
	for (guint i = 0; i < attached->len; i++) {
		const NfpHook *hook = &g_array_index(attached, NfpAttached, i).hook;

		nfp_buckets_add_hook(probe->buckets, hook->ifindex, hook->flags);
	}
	nfp_buckets_forget_others(probe->buckets);
	return TRUE;
}

/* Only one process at a time makes or adopts a domain's maps, or attaches. Released by closing it. */
static int lock_directory(const char *path, int operation)
{
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, operation) < 0)
		return -errno;
	return nfp_fd_steal(&fd);
}

int nfp_probe_lock(const NfpProbe *probe)
{
	return lock_directory(probe->directory, LOCK_EX);
}

/* 1, 0; -errno: it cannot be told. Nobody can have claimed a folder that is not there. */
static int is_claimed(const NfpProbe *probe)
{
	g_autofree char *buckets = g_build_filename(probe->directory, "buckets", NULL);
	NFP_AUTO_FD int fd = lock_directory(buckets, LOCK_EX | LOCK_NB);

	if (fd >= 0 || fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	return fd == -EWOULDBLOCK ? 1 : fd;
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

gboolean nfp_probe_find_readable(NfpProbe *probe, const char *ifname, NfpLink *ret_link, GError **err)
{
	NfpLink link = { 0 };

	if (!nfp_probe_find_link(probe, ifname, &link, err))
		return FALSE;
	if (link.foreign) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s: " NFP_LINK_FOREIGN, ifname);
		return FALSE;
	}
	*ret_link = link;
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
	int claimed;

	if (access(probe->directory, F_OK) < 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "nothing is pinned at %s", probe->directory);
		return FALSE;
	}
	/* Not from under one that runs: what it counts would be gone, and it would never notice. */
	claimed = is_claimed(probe);
	if (claimed < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -claimed, "cannot tell whether an nfprobe drains %s",
				       probe->directory);
	if (claimed) {
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
}

void nfp_probe_watch_drain(NfpProbe *probe, GArray *ret_gone)
{
	NfpWatchCall call = { probe, ret_gone };

	if (!probe->watch)
		return;
	/* Messages were lost: whose interface has gone is found out by looking. */
	while (nfp_netlink_listen(probe->watch, forget_gone, &call) == -ENOBUFS) {
		if (!probe->readonly)
			sweep(probe, ret_gone);
	}
}
