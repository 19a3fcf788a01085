/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct NfpNotify {
	struct sockaddr_un address;
	socklen_t length;  /* of the address; 0: nobody listens */
	int fd;            /* or -errno */
	bool unready;      /* READY=1 is still to be told */
	uint64_t progress;
	char *status;      /* as it was sent last, or NULL */
};

NfpNotify *nfp_notify_new(const char *path)
{
	NfpNotify *notify = g_new0(NfpNotify, 1);
	size_t size;

	notify->fd = -1;
	if (!path || !*path)
		return notify;
	size = strlen(path);
	notify->address.sun_family = AF_UNIX;
	notify->length = offsetof(struct sockaddr_un, sun_path) + size + (*path == '/');
	if ((*path != '/' && *path != '@') || size >= sizeof(notify->address.sun_path)) {
		notify->fd = -EINVAL;
		return notify;
	}
	memcpy(notify->address.sun_path, path, size);
	if (*path == '@')
		notify->address.sun_path[0] = '\0';
	return notify;
}

/* At each need until there is one: without it the watchdog would end a daemon that once had no descriptor to spare. */
static int open_socket(NfpNotify *notify)
{
	if (notify->fd >= 0 || notify->fd == -EINVAL)
		return MIN(notify->fd, 0);
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0)
		notify->fd = -errno;
	return MIN(notify->fd, 0);
}

/* By address, not connected: the manager's socket may be made anew while we run. */
static int transmit(NfpNotify *notify, const char *text, int flags)
{
	ssize_t sent;
	int rc;

	if (!notify->length)
		return 0;
	rc = open_socket(notify);
	if (rc)
		return rc;
	do
		sent = sendto(notify->fd, text, strlen(text), flags | MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
			      notify->length);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int nfp_notify_send(NfpNotify *notify, const char *assignments)
{
	int rc = transmit(notify, assignments, 0);

	if (g_str_has_prefix(assignments, "READY=1"))
		notify->unready = rc < 0;
	return rc;
}

int nfp_notify_status(NfpNotify *notify, const char *text)
{
	g_autofree char *line = g_strconcat("STATUS=", text, NULL);
	int rc;

	g_strdelimit(line, "\n", ' ');
	if (!g_strcmp0(line, notify->status))
		return 0;
	rc = transmit(notify, line, MSG_DONTWAIT);
	if (!rc) {
		g_free(notify->status);
		notify->status = g_steal_pointer(&line);
	}
	return rc;
}

int nfp_notify_alive(NfpNotify *notify, uint64_t progress)
{
	int rc;

	if (progress == notify->progress)
		return 0;
	rc = transmit(notify, notify->unready ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1", MSG_DONTWAIT);
	if (!rc) {
		notify->progress = progress;
		notify->unready = false;
	}
	return rc;
}

void nfp_notify_free(NfpNotify *notify)
{
	if (!notify)
		return;
	if (notify->fd >= 0)
		close(notify->fd);
	g_free(notify->status);
	g_free(notify);
}
