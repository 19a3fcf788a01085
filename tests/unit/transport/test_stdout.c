/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support/live.h"
#include "transport/transports.h"

#define LENGTH 1000u

/* Puts a pipe in place of standard output; returns its other end, non-blocking. */
static int take_stdout(int *ret_kept)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	*ret_kept = dup(STDOUT_FILENO);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_geq(dup2(fds[1], STDOUT_FILENO), 0);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return fds[0];
}

static void give_back(int kept)
{
	dup2(kept, STDOUT_FILENO);
	close(kept);
}

static guint put(NfpTransport *out, guint first, guint n)
{
	static char data[16 * LENGTH + 1];
	uint32_t lengths[16];
	NfpMessages messages = { .data = (uint8_t *)data, .lengths = lengths, .n = n };

	for (guint i = 0; i < n; i++) {
		g_snprintf(data + i * LENGTH, LENGTH + 1, "%0*u\n", (int)LENGTH - 1, first + i);
		lengths[i] = LENGTH;
	}
	return nfp_transport_stdout.send(out, &messages, 0);
}

/* Reads what is there; all of it must be whole messages in order once `end`. */
static void get(int fd, GString *text)
{
	char buffer[8192];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		g_string_append_len(text, buffer, n);
}

Test(stdout, a_reader_that_stalls_has_every_line)
{
	int kept;
	int fd = take_stdout(&kept);
	NfpTransport *out = nfp_transport_stdout.create(&(NfpTransportOptions){ 0 }, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	guint sent = 0;

	nfp_transport_stdout.open(out, 0);
	for (guint taken = 1; taken > 0;)
		sent += taken = put(out, sent, 16);
	while (sent < 1000) {
		get(fd, text);
		nfp_live_round(out, TRUE);
		sent += put(out, sent, 16);
	}
	nfp_transport_stdout.shutdown(out);
	while (out->state != NFP_TRANSPORT_DOWN) {
		get(fd, text);
		nfp_live_round(out, FALSE);
	}
	get(fd, text);
	nfp_transport_free(out);
	give_back(kept);
	cr_assert_eq(text->len, (gsize)sent * LENGTH);
	for (guint i = 0; i < sent; i++)
		cr_assert_eq(strtoul(text->str + (gsize)i * LENGTH, NULL, 10), i);
	close(fd);
}

Test(stdout, a_reader_that_goes)
{
	int kept;
	int fd = take_stdout(&kept);
	NfpTransport *out = nfp_transport_stdout.create(&(NfpTransportOptions){ 0 }, NULL);
	NfpTransportState up, gone, again;
	guint taken;

	nfp_transport_stdout.open(out, 0);
	up = out->state;
	taken = put(out, 0, 2);
	close(fd);
	nfp_live_round(out, FALSE);
	gone = out->state;
	nfp_transport_stdout.open(out, 0);
	again = out->state;
	give_back(kept);
	cr_assert_eq(up, NFP_TRANSPORT_UP);
	cr_assert_eq(taken, 2);
	cr_assert_eq(gone, NFP_TRANSPORT_DOWN);
	cr_assert_eq(again, NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(out->error, "Broken pipe");
	cr_assert_eq(out->session, 1);
	nfp_transport_free(out);
}
