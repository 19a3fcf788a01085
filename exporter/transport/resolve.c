/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/resolve.h"

#include <errno.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

struct NfpResolve {
	char *host;
	guint16 port;
	GSocketFamily family;
	GInetAddress *literal;   /* host is an address: nothing to look up */
	char *zone;              /* of a literal, or NULL: an interface, which may come later, and be made anew */
	int fd;
	gboolean busy;
	GCancellable *cancel;    /* of the look-up under way */
	GThread *thread;
	/* Written by the thread before `done`, read by the owner after it. */
	atomic_bool done;
	GPtrArray *addresses;
	GError *err;
};

static void signal_done(NfpResolve *resolve)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store(&resolve->done, true);
	do {
		n = write(resolve->fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
}

static const char *family_name(GSocketFamily family)
{
	return family == G_SOCKET_FAMILY_IPV4 ? "IPv4" : "IPv6";
}

static gboolean wanted(const NfpResolve *resolve, GSocketFamily family)
{
	return resolve->family == G_SOCKET_FAMILY_INVALID || resolve->family == family;
}

static void check_found(NfpResolve *resolve)
{
	if (resolve->addresses->len > 0)
		return;
	g_clear_pointer(&resolve->addresses, g_ptr_array_unref);
	resolve->err = g_error_new(NFP_ERROR, NFP_ERROR_FAILED,
				   "%s has no %s address, and the source address is one", resolve->host,
				   family_name(resolve->family));
}

static void *look_up(void *data)
{
	NfpResolve *resolve = data;
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GError) err = NULL;
	GList *found = g_resolver_lookup_by_name(resolver, resolve->host, resolve->cancel, &err);

	if (found) {
		resolve->addresses = g_ptr_array_new_with_free_func(g_object_unref);
		for (GList *i = found; i && resolve->addresses->len < NFP_RESOLVE_ADDRESSES; i = i->next) {
			if (wanted(resolve, g_inet_address_get_family(i->data)))
				g_ptr_array_add(resolve->addresses,
						g_inet_socket_address_new(i->data, resolve->port));
		}
		g_resolver_free_addresses(found);
		check_found(resolve);
	} else {
		resolve->err = g_error_new(NFP_ERROR, NFP_ERROR_FAILED, "%s", err->message);
	}
	signal_done(resolve);
	return NULL;
}

/* "fe80::1%eth0" (RFC 4007 11). GLib 2.74 asks for the interface but once, and drops the zone when it is not there. */
static void split_literal(NfpResolve *resolve)
{
	const char *percent = strchr(resolve->host, '%');
	g_autofree char *address = g_strndup(resolve->host, percent ? (gsize)(percent - resolve->host)
								    : strlen(resolve->host));

	resolve->literal = g_inet_address_new_from_string(address);
	if (resolve->literal && percent)
		resolve->zone = g_strdup(percent + 1);
}

/* The number of the interface now; FALSE when there is none. */
static gboolean find_zone(const char *zone, guint *ret_index)
{
	guint64 number;
	guint index = if_nametoindex(zone);

	if (index == 0 && g_ascii_string_to_unsigned(zone, 10, 1, G_MAXINT, &number, NULL))
		index = (guint)number;
	if (index == 0)
		return FALSE;
	*ret_index = index;
	return TRUE;
}

static void take_literal(NfpResolve *resolve)
{
	guint scope = 0;

	if (resolve->zone && !find_zone(resolve->zone, &scope)) {
		resolve->err = g_error_new(NFP_ERROR, NFP_ERROR_FAILED, "%s: there is no interface %s", resolve->host,
					   resolve->zone);
		return;
	}
	resolve->addresses = g_ptr_array_new_with_free_func(g_object_unref);
	if (wanted(resolve, g_inet_address_get_family(resolve->literal)))
		g_ptr_array_add(resolve->addresses,
				g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", resolve->literal, "port",
					     (guint)resolve->port, "scope-id", scope, NULL));
	check_found(resolve);
}

NfpResolve *nfp_resolve_new(const char *host, guint16 port, GSocketFamily family, GError **err)
{
	g_autoptr(NfpResolve) resolve = g_new0(NfpResolve, 1);

	resolve->host = g_strdup(host);
	resolve->port = port;
	resolve->family = family;
	split_literal(resolve);
	resolve->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (resolve->fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an eventfd");
		return NULL;
	}
	return g_steal_pointer(&resolve);
}

void nfp_resolve_start(NfpResolve *resolve)
{
	if (resolve->busy)
		return;
	resolve->busy = TRUE;
	if (!resolve->literal) {
		resolve->cancel = g_cancellable_new();
		resolve->thread = g_thread_try_new("nfp-resolve", look_up, resolve, &resolve->err);
		if (!resolve->thread)
			signal_done(resolve);
		return;
	}
	take_literal(resolve);
	signal_done(resolve);
}

gboolean nfp_resolve_busy(const NfpResolve *resolve)
{
	return resolve->busy;
}

int nfp_resolve_fd(const NfpResolve *resolve)
{
	return resolve->fd;
}

/* Afterwards no thread runs, and the results are the caller's to read. */
static void settle(NfpResolve *resolve)
{
	uint64_t count;
	ssize_t n;

	if (resolve->thread)
		g_thread_join(g_steal_pointer(&resolve->thread));
	g_clear_object(&resolve->cancel);
	do {
		n = read(resolve->fd, &count, sizeof(count));
	} while (n < 0 && errno == EINTR);
	atomic_store(&resolve->done, false);
	resolve->busy = FALSE;
}

gboolean nfp_resolve_finish(NfpResolve *resolve, GPtrArray **ret_addresses, GError **err)
{
	if (!atomic_load(&resolve->done))
		return FALSE;
	settle(resolve);
	if (resolve->err)
		g_propagate_error(err, g_steal_pointer(&resolve->err));
	else
		*ret_addresses = g_steal_pointer(&resolve->addresses);
	return TRUE;
}

void nfp_resolve_free(NfpResolve *resolve)
{
	if (!resolve)
		return;
	/* GLib's resolver returns at once when it is cancelled and leaves its own thread to end alone. */
	if (resolve->cancel)
		g_cancellable_cancel(resolve->cancel);
	if (resolve->busy)
		settle(resolve);
	g_clear_pointer(&resolve->addresses, g_ptr_array_unref);
	g_clear_error(&resolve->err);
	g_clear_object(&resolve->literal);
	nfp_fd_clear(&resolve->fd);
	g_free(resolve->zone);
	g_free(resolve->host);
	g_free(resolve);
}
