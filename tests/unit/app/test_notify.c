/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/notify.h"

/* What a service manager has: a socket for datagrams. */
typedef struct {
	char *directory, *path;
	int fd;
} Manager;

static void bind_to(Manager *manager, const struct sockaddr_un *address, size_t size)
{
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(manager->fd, (const struct sockaddr *)address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)), 0, "bind: %s", strerror(errno));
}

static void manager_init(Manager *manager)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	manager->directory = g_dir_make_tmp("nfp-notify-XXXXXX", NULL);
	manager->path = g_build_filename(manager->directory, "notify", NULL);
	g_strlcpy(address.sun_path, manager->path, sizeof(address.sun_path));
	bind_to(manager, &address, strlen(manager->path) + 1);
}

static void manager_clear(Manager *manager)
{
	close(manager->fd);
	g_unlink(manager->path);
	g_rmdir(manager->directory);
	g_free(manager->path);
	g_free(manager->directory);
}

/* The next datagram that is there already, or NULL. */
static char *heard(const Manager *manager)
{
	char text[512];
	ssize_t n = recv(manager->fd, text, sizeof(text), MSG_DONTWAIT);

	return n < 0 ? NULL : g_strndup(text, n);
}

#define cr_assert_heard(manager, expected)                                            \
	do {                                                                          \
		g_autofree char *text_ = heard(manager);                              \
		cr_assert(!g_strcmp0(text_, expected), "heard %s", text_ ? text_ : "nothing"); \
	} while (0)

/* Else the manager would end, after a while, a daemon that only once had no descriptor. */
Test(notify, what_could_not_be_told_is_told_with_the_next_sign_of_life)
{
	struct rlimit limit, none;
	NfpNotify *notify;
	Manager manager;

	manager_init(&manager);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	notify = nfp_notify_new(manager.path);
	cr_expect_eq(nfp_notify_send(notify, "READY=1"), -EMFILE);
	cr_expect_eq(nfp_notify_alive(notify, 1), -EMFILE);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(nfp_notify_alive(notify, 1), 0);
	cr_assert_heard(&manager, "READY=1\nWATCHDOG=1");
	cr_expect_eq(nfp_notify_alive(notify, 2), 0);
	cr_assert_heard(&manager, "WATCHDOG=1");
	nfp_notify_free(notify);
	manager_clear(&manager);
}

Test(notify, assignments_go_out_as_they_are)
{
	Manager manager;

	manager_init(&manager);
	{
		g_autoptr(NfpNotify) notify = nfp_notify_new(manager.path);

		cr_assert_eq(nfp_notify_send(notify, "READY=1\nSTATUS=metering"), 0);
		cr_assert_heard(&manager, "READY=1\nSTATUS=metering");
	}
	manager_clear(&manager);
}

Test(notify, the_watchdog_is_fed_by_progress_alone)
{
	Manager manager;

	manager_init(&manager);
	{
		g_autoptr(NfpNotify) notify = nfp_notify_new(manager.path);

		cr_assert_eq(nfp_notify_alive(notify, 1), 0);
		cr_assert_heard(&manager, "WATCHDOG=1");
		cr_assert_eq(nfp_notify_alive(notify, 1), 0);
		cr_assert_heard(&manager, NULL);
		cr_assert_eq(nfp_notify_alive(notify, 2), 0);
		cr_assert_heard(&manager, "WATCHDOG=1");
		cr_assert_heard(&manager, NULL);
	}
	manager_clear(&manager);
}

Test(notify, a_status_is_one_line_and_is_sent_once)
{
	Manager manager;

	manager_init(&manager);
	{
		g_autoptr(NfpNotify) notify = nfp_notify_new(manager.path);

		cr_assert_eq(nfp_notify_status(notify, "2 hooks\nREADY=1"), 0);
		cr_assert_heard(&manager, "STATUS=2 hooks READY=1");
		cr_assert_eq(nfp_notify_status(notify, "2 hooks\nREADY=1"), 0);
		cr_assert_heard(&manager, NULL);
		cr_assert_eq(nfp_notify_status(notify, "3 hooks"), 0);
		cr_assert_heard(&manager, "STATUS=3 hooks");
	}
	manager_clear(&manager);
}

Test(notify, the_abstract_namespace)
{
	Manager manager = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *name = g_strdup_printf("@nfp-notify-%d", getpid());

	memcpy(address.sun_path, name, strlen(name));
	address.sun_path[0] = '\0';
	bind_to(&manager, &address, strlen(name));
	{
		g_autoptr(NfpNotify) notify = nfp_notify_new(name);

		cr_assert_eq(nfp_notify_send(notify, "STOPPING=1"), 0);
		cr_assert_heard(&manager, "STOPPING=1");
	}
	close(manager.fd);
}

/* A full queue: what is said each second is not waited for, and is said again. */
Test(notify, nobody_waits_for_a_manager_that_does_not_read)
{
	Manager manager;
	int n = 0, rc = 0;

	manager_init(&manager);
	{
		g_autoptr(NfpNotify) notify = nfp_notify_new(manager.path);

		while (!rc && n < 100000)
			rc = nfp_notify_alive(notify, ++n);
		cr_assert_eq(rc, -EAGAIN, "after %d datagrams: %d", n, rc);
		cr_assert_eq(nfp_notify_status(notify, "late"), -EAGAIN);
		while (n) {
			g_autofree char *text = heard(&manager);

			if (!text)
				break;
			n--;
		}
		cr_assert_eq(n, 1, "all but the last were read");
		cr_assert_eq(nfp_notify_status(notify, "late"), 0, "it was not sent before");
		cr_assert_heard(&manager, "STATUS=late");
	}
	manager_clear(&manager);
}

Test(notify, without_a_manager_nothing_happens)
{
	g_autoptr(NfpNotify) none = nfp_notify_new(NULL);
	g_autoptr(NfpNotify) empty = nfp_notify_new("");

	cr_assert_eq(nfp_notify_send(none, "READY=1"), 0);
	cr_assert_eq(nfp_notify_alive(none, 1), 0);
	cr_assert_eq(nfp_notify_status(none, "text"), 0);
	cr_assert_eq(nfp_notify_send(empty, "READY=1"), 0);
}

Test(notify, a_wrong_socket_is_told)
{
	g_autofree char *path = g_strdup_printf("/%0200d", 0);
	g_autoptr(NfpNotify) relative = nfp_notify_new("notify");
	g_autoptr(NfpNotify) absent = nfp_notify_new("/nonexistent/notify");
	g_autoptr(NfpNotify) is_long = nfp_notify_new(path);

	cr_assert_eq(nfp_notify_send(relative, "READY=1"), -EINVAL);
	cr_assert_eq(nfp_notify_send(absent, "READY=1"), -ENOENT);
	cr_assert_eq(nfp_notify_send(is_long, "READY=1"), -EINVAL);
	cr_assert_eq(nfp_notify_alive(absent, 1), -ENOENT);
}
