/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define NETNS_DIRECTORY "/run/netns"

typedef struct {
	int (*fn)(void *data); /* NULL: the thread shall end */
	void *data;
	int rc;
	bool done;
} NfpNetnsCall;

struct NfpNetns {
	GThread *thread; /* NULL: own namespace */
	GMutex mutex;
	GCond changed;
	NfpNetnsCall *call; /* under mutex; on the caller's stack */
	int fd;             /* the namespace, for the thread's start */
};

static gpointer netns_thread(gpointer data)
{
	NfpNetns *netns = data;

	g_mutex_lock(&netns->mutex);
	for (;;) {
		NfpNetnsCall *call;

		while (!netns->call || netns->call->done)
			g_cond_wait(&netns->changed, &netns->mutex);
		call = netns->call;
		if (!call->fn)
			break;
		g_mutex_unlock(&netns->mutex);
		call->rc = call->fn(call->data);
		g_mutex_lock(&netns->mutex);
		call->done = true;
		g_cond_broadcast(&netns->changed);
	}
	netns->call->done = true;
	g_cond_broadcast(&netns->changed);
	g_mutex_unlock(&netns->mutex);
	return NULL;
}

static int netns_run(NfpNetns *netns, int (*fn)(void *data), void *data)
{
	NfpNetnsCall call = { .fn = fn, .data = data };

	g_mutex_lock(&netns->mutex);
	while (netns->call)
		g_cond_wait(&netns->changed, &netns->mutex);
	netns->call = &call;
	g_cond_broadcast(&netns->changed);
	while (!call.done)
		g_cond_wait(&netns->changed, &netns->mutex);
	netns->call = NULL;
	g_cond_broadcast(&netns->changed);
	g_mutex_unlock(&netns->mutex);
	return call.rc;
}

static int netns_enter(void *data)
{
	NfpNetns *netns = data;

	return setns(netns->fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

NfpNetns *nfp_netns_new(const char *name, GError **err)
{
	g_autoptr(NfpNetns) netns = g_new0(NfpNetns, 1);
	g_autofree char *path = NULL;
	int rc;

	g_mutex_init(&netns->mutex);
	g_cond_init(&netns->changed);
	netns->fd = -1;
	if (!name)
		return g_steal_pointer(&netns);
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..")) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "\"%s\" cannot be the name of a network namespace", name);
		return NULL;
	}
	path = g_build_filename(NETNS_DIRECTORY, name, NULL);
	netns->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns->fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "network namespace %s (%s)", name, path);
		return NULL;
	}
	netns->thread = g_thread_try_new("netns", netns_thread, netns, err);
	if (!netns->thread) {
		g_prefix_error(err, "network namespace %s: ", name);
		return NULL;
	}
	rc = netns_run(netns, netns_enter, netns);
	if (rc) {
		nfp_error_errno(err, NFP_ERROR_CANNOT, -rc,
				"cannot enter network namespace %s (it takes CAP_SYS_ADMIN, which a running daemon "
				"has given away: a namespace that is added takes a restart)", name);
		return NULL;
	}
	nfp_fd_clear(&netns->fd);
	return g_steal_pointer(&netns);
}

void nfp_netns_free(NfpNetns *netns)
{
	if (!netns)
		return;
	if (netns->thread) {
		netns_run(netns, NULL, NULL);
		g_thread_join(netns->thread);
	}
	nfp_fd_clear(&netns->fd);
	g_cond_clear(&netns->changed);
	g_mutex_clear(&netns->mutex);
	g_free(netns);
}

int nfp_netns_call(NfpNetns *netns, int (*fn)(void *data), void *data)
{
	return netns->thread ? netns_run(netns, fn, data) : fn(data);
}

static int netns_read_cookie(void *data)
{
	uint64_t *cookie = data;
	socklen_t size = sizeof(*cookie);
	NFP_AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct stat st;

	/* The number of one kind must not stand in for the other's because a descriptor was missing: it would be another namespace. */
	if (fd < 0)
		return -errno;
	if (!getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size))
		return 0;
	if (errno != ENOPROTOOPT)
		return -errno;
	if (stat("/proc/thread-self/ns/net", &st) < 0)
		return -errno;
	*cookie = st.st_ino;
	return 0;
}

uint64_t nfp_netns_cookie(NfpNetns *netns)
{
	uint64_t cookie = 0;

	return nfp_netns_call(netns, netns_read_cookie, &cookie) ? 0 : cookie;
}
