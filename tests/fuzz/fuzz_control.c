// SPDX-License-Identifier: GPL-2.0-or-later
/* Any octets to the control socket: one line of JSON comes back, or none, and the connection ends. */
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/control.h"
#include "base/error.h"

static NfpControl *control;
static NfpConf conf;

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static JsonNode *answer(const char *command, void *data, GError **err)
{
	must(g_utf8_validate(command, -1, NULL));
	if (g_str_equal(command, "status"))
		return json_from_string("{\"collectors\": []}", NULL);
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%s\" is no command", command);
	return NULL;
}

static void at_end(void)
{
	g_autofree char *lock = g_build_filename(conf.run_dir, "f.lock", NULL);

	nfp_control_free(control);
	g_unlink(lock);
	g_rmdir(conf.run_dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	gboolean taken = FALSE;

	conf = (NfpConf){ .instance = (char *)"f", .run_dir = g_dir_make_tmp("nfprobe-fuzz-control.XXXXXX", NULL) };
	must(conf.run_dir != NULL);
	control = nfp_control_new(&conf, answer, NULL, &taken, NULL);
	must(control != NULL);
	atexit(at_end);
	return 0;
}

static int dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_snprintf(to.sun_path, sizeof(to.sun_path), "%s/f.sock", conf.run_dir);
	must(s >= 0 && connect(s, (struct sockaddr *)&to, sizeof(to)) == 0);
	return s;
}

static void check(const GString *got)
{
	g_autoptr(JsonNode) node = NULL;

	if (!got->len)
		return;
	must(got->str[got->len - 1] == '\n' && strlen(got->str) == got->len);
	must(memchr(got->str, '\n', got->len) == got->str + got->len - 1);
	node = json_from_string(got->str, NULL);
	must(node && JSON_NODE_HOLDS_OBJECT(node));
}

/* First byte: the request comes in two parts, so long is the first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) got = g_string_new(NULL);
	char part[8192];
	size_t first;
	ssize_t n;
	int s;

	if (!size || size > 8000)
		return 0;
	s = dial();
	first = MIN(data[0], size - 1);
	send(s, data + 1, first, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (data[0])
		g_main_context_iteration(NULL, FALSE);
	send(s, data + 1 + first, size - 1 - first, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(s, SHUT_WR);
	while ((n = recv(s, part, sizeof(part), MSG_DONTWAIT)) != 0) {
		if (n > 0)
			g_string_append_len(got, part, n);
		else if (errno == EAGAIN)
			g_main_context_iteration(NULL, TRUE);
		else
			break; /* reset: it did not read all of it */
	}
	close(s);
	check(got);
	return 0;
}
