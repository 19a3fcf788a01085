/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real server on a port of its own, asked by bare sockets. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/http.h"
#include "base/error.h"

#define WAIT_MS 60000

static void answer(const char *path, void *data, NfpHttpAnswer *ret_answer)
{
	g_atomic_int_inc((gint *)data);
	*ret_answer = (NfpHttpAnswer){ .text = g_strdup_printf("you asked for %s", path), .type = "text/plain", .status = 200 };
	ret_answer->length = strlen(ret_answer->text);
	if (g_str_equal(path, "/none"))
		ret_answer->status = 404;
}

static int dial(guint16 port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
	return s;
}

/* All that comes until the other side closes. */
static char *rest(int s)
{
	g_autoptr(GString) got = g_string_new(NULL);
	struct pollfd fd = { .fd = s, .events = POLLIN };
	char part[4096];
	ssize_t n;

	while (poll(&fd, 1, WAIT_MS) == 1 && (n = read(s, part, sizeof(part))) > 0)
		g_string_append_len(got, part, n);
	close(s);
	return g_string_free(g_steal_pointer(&got), FALSE);
}

static char *ask(guint16 port, const char *request)
{
	int s = dial(port);

	cr_assert_eq(send(s, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return rest(s);
}

static NfpHttp *serve(gint *asked)
{
	g_autoptr(GError) error = NULL;
	NfpHttp *http = nfp_http_new("127.0.0.1:0", answer, asked, &error);

	cr_assert_not_null(http, "%s", error ? error->message : "");
	cr_assert_neq(nfp_http_port(http), 0);
	return http;
}

static void expect_reply(const char *request, const char *status, const char *contains)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *reply = ask(nfp_http_port(http), request);

	cr_expect(g_str_has_prefix(reply, status), "%s", reply);
	cr_expect_not_null(strstr(reply, contains), "%s", reply);
}

#define END "Connection: close\r\n\r\n"
#define HOST "Host: localhost\r\n"

Test(http, get_without_the_query)
{
	expect_reply("GET /page?a=b HTTP/1.1\r\n" HOST END, "HTTP/1.1 200", "you asked for /page");
}

Test(http, status_of_the_answer)
{
	expect_reply("GET /none HTTP/1.1\r\n" HOST END, "HTTP/1.1 404", "you asked for /none");
}

Test(http, head_has_no_body)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *reply = ask(nfp_http_port(http), "HEAD / HTTP/1.1\r\n" HOST END);

	cr_expect(g_str_has_prefix(reply, "HTTP/1.1 200"), "%s", reply);
	cr_expect_not_null(strstr(reply, "Content-Length: 15"), "%s", reply);
	cr_expect_null(strstr(reply, "you asked"));
}

Test(http, nothing_but_reading)
{
	expect_reply("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc", "HTTP/1.1 405", "Allow: GET, HEAD");
	expect_reply("DELETE / HTTP/1.1\r\n" HOST END, "HTTP/1.1 405", "GET and HEAD");
}

Test(http, a_name_that_points_here_is_refused)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *reply =
		ask(nfp_http_port(http), "GET / HTTP/1.1\r\nHost: evil.example:9469\r\n" END);

	cr_expect(g_str_has_prefix(reply, "HTTP/1.1 403"), "%s", reply);
	cr_expect_eq(g_atomic_int_get(&asked), 0);
}

Test(http, addresses_are_no_names)
{
	expect_reply("GET / HTTP/1.1\r\nHost: 127.0.0.1:9469\r\n" END, "HTTP/1.1 200", "you asked");
	expect_reply("GET / HTTP/1.1\r\nHost: [::1]:9469\r\n" END, "HTTP/1.1 200", "you asked");
}

Test(http, headers_that_keep_browsers_out_of_trouble)
{
	expect_reply("GET / HTTP/1.1\r\n" HOST END, "HTTP/1.1 200", "Content-Security-Policy: default-src 'none'");
	expect_reply("GET / HTTP/1.1\r\n" HOST END, "HTTP/1.1 200", "X-Content-Type-Options: nosniff");
}

Test(http, nonsense)
{
	static const char *const requests[] = { "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
						"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n" };
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *good = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
		int s = dial(nfp_http_port(http));

		send(s, requests[i], strlen(requests[i]), MSG_NOSIGNAL);
		shutdown(s, SHUT_WR);
		g_free(rest(s));
	}
	good = ask(nfp_http_port(http), "GET / HTTP/1.1\r\n" HOST END);
	cr_expect(g_str_has_prefix(good, "HTTP/1.1 200"), "%s", good);
}

Test(http, more_than_its_memory)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autoptr(GString) request = g_string_new("GET /");
	g_autofree char *reply = NULL, *good = NULL;
	int s = dial(nfp_http_port(http));

	for (int i = 0; i < 100000; i++)
		g_string_append_c(request, 'a');
	g_string_append(request, " HTTP/1.1\r\n" HOST END);
	send(s, request->str, request->len, MSG_NOSIGNAL);
	reply = rest(s);
	cr_expect_null(strstr(reply, "HTTP/1.1 200"));
	cr_expect_eq(g_atomic_int_get(&asked), 0);
	good = ask(nfp_http_port(http), "GET / HTTP/1.1\r\n" HOST END);
	cr_expect(g_str_has_prefix(good, "HTTP/1.1 200"), "%s", good);
}

Test(http, long_path)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *path = g_strnfill(300, 'a');
	g_autofree char *request = g_strdup_printf("GET /%s HTTP/1.1\r\n" HOST END, path);
	g_autofree char *reply = ask(nfp_http_port(http), request);

	cr_expect(g_str_has_prefix(reply, "HTTP/1.1 404"), "%s", reply);
	cr_expect_eq(g_atomic_int_get(&asked), 0);
}

/* Clients that connect and say nothing hold places, but not for long, and not the daemon. */
Test(http, silent_clients)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	int silent[200];
	g_autofree char *reply = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(silent); i++)
		silent[i] = dial(nfp_http_port(http));
	/* The first ones are told to go after their time. */
	g_free(rest(silent[0]));
	for (guint i = 1; i < G_N_ELEMENTS(silent); i++)
		close(silent[i]);
	reply = ask(nfp_http_port(http), "GET / HTTP/1.1\r\n" HOST END);
	cr_expect(g_str_has_prefix(reply, "HTTP/1.1 200"), "%s", reply);
}

typedef struct {
	int s[200];
	gint end;
} Tricklers;

static gpointer trickle(gpointer data)
{
	Tricklers *t = data;

	while (!g_atomic_int_get(&t->end)) {
		for (guint i = 0; i < G_N_ELEMENTS(t->s); i++)
			send(t->s[i], "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		g_usleep(100000);
	}
	return NULL;
}

/* Requests that come octet by octet are never silent, and never whole. */
Test(http, trickling_clients, .timeout = 200)
{
	static const char begun[] = "GET / HTTP/1.1\r\n" HOST "X: ";
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	Tricklers t = { .end = 0 };
	GThread *thread;

	for (guint i = 0; i < G_N_ELEMENTS(t.s); i++) {
		t.s[i] = dial(nfp_http_port(http));
		send(t.s[i], begun, strlen(begun), MSG_NOSIGNAL);
	}
	thread = g_thread_new("trickle", trickle, &t);
	for (guint i = 0; i < 20; i++) {
		g_autofree char *reply = ask(nfp_http_port(http), "GET / HTTP/1.1\r\n" HOST END);

		cr_assert(g_str_has_prefix(reply, "HTTP/1.1 200"), "request %u: %s", i, reply);
	}
	g_atomic_int_set(&t.end, 1);
	g_thread_join(thread);
	cr_expect_eq(g_atomic_int_get(&asked), 20);
	for (guint i = 0; i < G_N_ELEMENTS(t.s); i++)
		close(t.s[i]);
}

/* Who has had an answer and keeps the connection is no better off than who waits for the first. */
Test(http, clients_that_stay)
{
	static const char request[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	int s[150];
	char reply[4096];

	for (guint i = 0; i < G_N_ELEMENTS(s); i++) {
		s[i] = dial(nfp_http_port(http));
		cr_assert_eq(send(s[i], request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
		cr_assert_gt(recv(s[i], reply, sizeof(reply), 0), 0, "client %u", i);
	}
	cr_expect_eq(g_atomic_int_get(&asked), (gint)G_N_ELEMENTS(s));
	for (guint i = 0; i < G_N_ELEMENTS(s); i++)
		close(s[i]);
}

Test(http, ten_thousand_requests)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	static const char request[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	int s = dial(nfp_http_port(http));
	gsize want = 0, n;
	char reply[4096];

	for (int i = 0; i < 10000; i++) {
		cr_assert_eq(send(s, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
		n = 0;
		do {
			ssize_t got = recv(s, reply + n, sizeof(reply) - 1 - n, 0);

			cr_assert_gt(got, 0);
			n += (gsize)got;
			reply[n] = '\0';
		} while (!strstr(reply, "you asked for /"));
		want++;
	}
	close(s);
	cr_expect_eq(g_atomic_int_get(&asked), (gint)want);
}

Test(http, a_port_that_is_taken)
{
	gint asked = 0;
	g_autoptr(NfpHttp) http = serve(&asked);
	g_autofree char *same = g_strdup_printf("127.0.0.1:%u", nfp_http_port(http));
	g_autoptr(GError) error = NULL;

	cr_expect_null(nfp_http_new(same, answer, &asked, &error));
	cr_assert_not_null(error);
	cr_expect_eq(error->code, NFP_ERROR_FAILED);
	cr_expect_not_null(strstr(error->message, "another program has the port"), "%s", error->message);
	cr_expect_not_null(strstr(error->message, same), "%s", error->message);
}

Test(http, an_address_that_is_not_ours)
{
	g_autoptr(GError) error = NULL;
	gint asked = 0;

	cr_expect_null(nfp_http_new("192.0.2.77:9469", answer, &asked, &error));
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error->message, "192.0.2.77:9469"), "%s", error->message);
}
