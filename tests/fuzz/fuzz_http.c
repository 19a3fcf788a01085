// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any octets, in pieces, to the page's server as it is, over loopback: its handlers answer as they do where no daemon runs.
 * What comes back is HTTP or nothing, and after it the server still answers those who ask rightly. First byte: how long the
 * pieces are; when its lowest bit is set, the rest is the path of a request that is right otherwise. libFuzzer's alarm, every
 * 16 seconds of its limit of 30, interrupts whatever call waits here.
 */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/web.h"
#include "base/log.h"

#define WAIT_MS 30000 /* for an answer, on a loaded machine */

static NfpTalkers *talkers;
static NfpWeb *web;
static char *folder;

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static void at_end(void)
{
	nfp_web_free(web);
	nfp_talkers_free(talkers);
	g_rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static NfpConf conf;

	folder = g_dir_make_tmp("nfprobe-fuzz-http.XXXXXX", NULL);
	must(folder != NULL);
	nfp_log_init(NFP_LOG_ERROR);
	conf = (NfpConf){ .instance = (char *)"fuzz", .pin_root = folder, .run_dir = folder, .interval = 10000000000ull,
			  .metrics_listen = (char *)"127.0.0.1:0", .interfaces = g_array_new(FALSE, TRUE, 1),
			  .collectors = g_array_new(FALSE, TRUE, sizeof(NfpCollectorOptions)) };
	talkers = nfp_talkers_new();
	web = nfp_web_new(&conf, talkers, NULL);
	must(web != NULL);
	atexit(at_end);
	return 0;
}

static int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(nfp_web_port(web)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger at_once = { .l_onoff = 1 }; /* no ports in TIME_WAIT: there are not enough of them */
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(s >= 0 && TEMP_FAILURE_RETRY(connect(s, (struct sockaddr *)&to, sizeof(to))) == 0);
	setsockopt(s, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return s;
}

static void send_all(int s, const uint8_t *data, size_t size, size_t piece)
{
	while (size) {
		ssize_t n = TEMP_FAILURE_RETRY(send(s, data, MIN(size, piece), MSG_NOSIGNAL));

		if (n <= 0)
			return; /* it has heard enough */
		data += n;
		size -= (size_t)n;
	}
}

/* Up to its end, or for a moment only. Whether the end was seen. */
static gboolean receive(int s, GString *got, int wait)
{
	struct pollfd fd = { .fd = s, .events = POLLIN };
	char part[16384];

	while (TEMP_FAILURE_RETRY(poll(&fd, 1, wait)) == 1) {
		ssize_t n = TEMP_FAILURE_RETRY(recv(s, part, sizeof(part), 0));

		if (n <= 0)
			return TRUE;
		g_string_append_len(got, part, n);
	}
	return FALSE;
}

static void check_alive(void)
{
	static const char right[] = "GET /flows.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	g_autoptr(GString) got = g_string_new(NULL);
	int s = dial();

	send_all(s, (const uint8_t *)right, strlen(right), strlen(right));
	must(receive(s, got, WAIT_MS));
	must(g_str_has_prefix(got->str, "HTTP/1.1 200"));
	close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "GET ", after[] = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	static const size_t pieces[] = { 1, 3, 17, 100, 1000, SIZE_MAX, SIZE_MAX, SIZE_MAX };
	static guint inputs;
	g_autoptr(GString) got = g_string_new(NULL);
	gboolean is_path;
	size_t piece;
	int s;

	if (!size)
		return 0;
	is_path = data[0] & 1;
	piece = pieces[data[0] / 2 % G_N_ELEMENTS(pieces)];
	s = dial();
	if (is_path)
		send_all(s, (const uint8_t *)before, strlen(before), SIZE_MAX);
	send_all(s, data + 1, size - 1, piece);
	if (is_path)
		send_all(s, (const uint8_t *)after, strlen(after), SIZE_MAX);
	shutdown(s, SHUT_WR);
	receive(s, got, 3);
	must(!got->len || g_str_has_prefix(got->str, "HTTP/1."));
	close(s);
	if (++inputs % 16 == 0)
		check_alive();
	return 0;
}
