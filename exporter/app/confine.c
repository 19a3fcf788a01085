/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/meter.h"
#include "base/capabilities.h"
#include "base/error.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/trust.h"
#include "transport/endpoint.h"

#define ROOM "security"
#define FIRST_FREE_PORT 1024
#define IDLE_THREADS (10 * G_USEC_PER_SEC) /* at most, for their end */

/* Never looser than it was. A group may read: that is how files are handed to another program. */
#define UMASK (S_IWGRP | S_IXGRP | S_IRWXO)

void nfp_confine_begin(void)
{
	umask(umask(S_IRWXG | S_IRWXO) | UMASK);
}

/* ---- what is relied on ----------------------------------------------------------------------------- */

static gboolean check(const char *what, const char *path, GError **err)
{
	g_autofree char *note = NULL;

	if (!path)
		return TRUE;
	if (!nfp_trust_place(what, path, &note, err))
		return FALSE;
	if (note)
		nfp_log(NFP_LOG_WARNING, ROOM, "%s", note);
	return TRUE;
}

static gboolean check_collector(const NfpCollectorOptions *o, GError **err)
{
	g_autofree char *name = g_strconcat(o->name, ".spool", NULL);
	g_autofree char *file = o->spool_path ? g_build_filename(o->spool_path, name, NULL) : NULL;
	g_autofree char *what = g_strdup_printf("collector %s: spool.path", o->name);

	return check(what, o->spool_path, err) && check(what, file, err);
}

gboolean nfp_confine_check(const NfpConf *conf, const GPtrArray *domains, GError **err)
{
	if (!check("run_dir", conf->run_dir, err) || !check("state_dir", conf->state_dir, err) ||
	    !check("pin_root", conf->pin_root, err) || !check("templates", conf->templates, err) ||
	    !check("enrichment.database", conf->enrichment, err))
		return FALSE;
	for (guint i = 0; i < domains->len; i++) {
		g_autofree char *pins = nfp_domain_pins(conf, g_ptr_array_index(domains, i));

		if (!check("pins", pins, err))
			return FALSE;
	}
	for (guint i = 0; i < conf->collectors->len; i++)
		if (!check_collector(&g_array_index(conf->collectors, NfpCollectorOptions, i), err))
			return FALSE;
	return TRUE;
}

/* ---- what is given away ---------------------------------------------------------------------------- */

static gboolean has_low_port(const NfpConf *conf)
{
	struct sockaddr_storage address;
	socklen_t length;

	if (!conf->metrics_listen || !nfp_listen_parse(conf->metrics_listen, &address, &length, NULL))
		return FALSE;
	/* Both families have the port at the same place (struct sockaddr_in, sockaddr_in6). */
	return g_ntohs(((const struct sockaddr_in *)&address)->sin_port) < FIRST_FREE_PORT;
}

/* Whether the mode lets this thread in; for what is not there, where it would be made. */
static gboolean lets_in(const char *path, int mode)
{
	g_autofree char *at = g_strdup(path);

	while (faccessat(AT_FDCWD, at, mode, AT_EACCESS) < 0) {
		char *parent;

		if (errno != ENOENT || !strcmp(at, "/") || !strcmp(at, "."))
			return errno != EACCES;
		parent = g_path_get_dirname(at);
		g_free(at);
		at = parent;
	}
	return TRUE;
}

static gboolean is_closed(const char *path, int mode, char **ret_closed)
{
	if (!path || lets_in(path, mode))
		return FALSE;
	*ret_closed = g_strdup(path);
	return TRUE;
}

static gboolean has_closed(const NfpCollectorOptions *o, char **ret_closed)
{
	g_auto(NfpEndpoint) endpoint = { 0 };
	g_autofree char *folder = NULL;

	if (nfp_endpoint_parse(o->endpoint, &endpoint, NULL) && endpoint.path)
		folder = g_path_get_dirname(endpoint.path);
	return is_closed(o->spool_path, W_OK | X_OK, ret_closed) || is_closed(folder, W_OK | X_OK, ret_closed) ||
	       is_closed(endpoint.path, W_OK, ret_closed) || is_closed(o->tls.ca, R_OK, ret_closed) ||
	       is_closed(o->tls.certificate, R_OK, ret_closed) || is_closed(o->tls.key, R_OK, ret_closed);
}

typedef struct {
	const NfpConf *conf;
	const GPtrArray *meters;
} Places;

/* A thread without any privilege: the first of the configured places that it cannot use, or NULL. */
static gpointer look_around(gpointer data)
{
	const Places *places = data;
	const NfpConf *conf = places->conf;
	char *closed = NULL;

	if (nfp_capabilities_keep(0))
		return NULL;
	if (is_closed(conf->run_dir, W_OK | X_OK, &closed) || is_closed(conf->state_dir, W_OK | X_OK, &closed) ||
	    is_closed(conf->enrichment, R_OK, &closed) || is_closed(conf->templates, R_OK | X_OK, &closed))
		return closed;
	for (guint i = 0; i < places->meters->len; i++) {
		g_autofree char *pins =
			nfp_domain_pins(conf, nfp_meter_domain(g_ptr_array_index(places->meters, i)));

		if (is_closed(pins, W_OK | X_OK, &closed))
			return closed;
	}
	for (guint i = 0; i < conf->collectors->len; i++)
		if (has_closed(&g_array_index(conf->collectors, NfpCollectorOptions, i), &closed))
			return closed;
	return NULL;
}

/* Modes keep root out too, once it cannot pass over them: where a place belongs to another user, root goes on as it could. */
static gboolean passing_over(const NfpConf *conf, const GPtrArray *meters, guint64 *ret_kept, GError **err)
{
	Places places = { conf, meters };
	g_autofree char *closed = NULL;
	GThread *thread;

	*ret_kept = 0;
	if (!(nfp_capabilities() & NFP_CAPABILITY(CAP_DAC_OVERRIDE)))
		return TRUE;
	thread = g_thread_try_new("look", look_around, &places, err);
	if (!thread) {
		g_prefix_error(err, "cannot find out which capabilities are wanted: ");
		return FALSE;
	}
	closed = g_thread_join(thread);
	if (!closed)
		return TRUE;
	nfp_log(NFP_LOG_WARNING, ROOM, "CAP_DAC_OVERRIDE stays in force: the modes of %s keep root out, run nfprobe as its "
		"owner or chown it", closed);
	*ret_kept = NFP_CAPABILITY(CAP_DAC_OVERRIDE);
	return TRUE;
}

static int keep(void *data)
{
	return nfp_capabilities_keep(*(const guint64 *)data);
}

/* The library of ThreadSanitizer has a thread of its own, which keeps what it began with and hears nobody. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define FOREIGN_THREAD TRUE
#else
#define FOREIGN_THREAD FALSE
#endif

/* Opening maps leaves idle threads behind, of GLib's pool. They are told to end, which takes a moment. */
static gboolean end_idle_threads(guint64 kept, GError **err)
{
	gint64 deadline = g_get_monotonic_time() + IDLE_THREADS;
	g_autofree char *thread = NULL;
	int unused = g_thread_pool_get_max_unused_threads();

	g_thread_pool_set_max_unused_threads(0);
	while (!FOREIGN_THREAD && (thread = nfp_capabilities_thread(kept)) && g_get_monotonic_time() < deadline) {
		g_clear_pointer(&thread, g_free);
		g_usleep(1000);
	}
	g_thread_pool_set_max_unused_threads(unused);
	if (thread)
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "cannot give capabilities away: thread %s keeps them", thread);
	return !thread;
}

static gboolean drop_capabilities(const NfpConf *conf, const GPtrArray *meters, GError **err)
{
	guint64 kept;
	g_autofree char *text = NULL;
	int r = 0;

	if (!passing_over(conf, meters, &kept, err))
		return FALSE;
	kept |= nfp_capabilities_needed();
	if (has_low_port(conf))
		kept |= NFP_CAPABILITY(CAP_NET_BIND_SERVICE);
	for (guint i = 0; i < meters->len; i++)
		nfp_probe_rest(nfp_meter_probe(g_ptr_array_index(meters, i)));
	for (guint i = 0; !r && i < meters->len; i++)
		r = nfp_probe_run(nfp_meter_probe(g_ptr_array_index(meters, i)), keep, &kept);
	if (!r)
		r = keep(&kept);
	if (r)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -r, "cannot give capabilities away");
	if (!end_idle_threads(kept, err))
		return FALSE;
	text = nfp_capabilities_text(nfp_capabilities());
	nfp_log(NFP_LOG_DEBUG, ROOM, "capabilities: %s", text);
	return TRUE;
}

static NfpSyscalls mode_of(const NfpConf *conf)
{
#ifdef NFP_STRICT_SYSCALLS /* builds for tests: what the list lacks shall not go unnoticed */
	if (conf->syscalls == NFP_SYSCALLS_REFUSE)
		return NFP_SYSCALLS_KILL;
#endif
	return conf->syscalls;
}

gboolean nfp_confine(const NfpConf *conf, const GPtrArray *meters, GError **err)
{
	g_autoptr(GError) error = NULL;

	if (!drop_capabilities(conf, meters, err))
		return FALSE;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot give up new privileges");
	if (nfp_syscalls_confine(mode_of(conf), &error))
		return TRUE;
	if (conf->syscalls == NFP_SYSCALLS_KILL) {
		g_propagate_error(err, g_steal_pointer(&error));
		return FALSE;
	}
	nfp_log(NFP_LOG_WARNING, ROOM, "%s, ignoring", error->message);
	return TRUE;
}
