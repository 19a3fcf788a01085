/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/control.h"
#include "base/error.h"

#define MUCH (16u << 20) /* octets of an answer */

static JsonNode *answer(const char *command, void *data, GError **err)
{
	if (g_str_equal(command, "status"))
		return json_from_string("{\"collectors\": []}", NULL);
	if (g_str_equal(command, "much")) {
		g_autofree char *text = g_strnfill(MUCH, 'a');

		return json_node_init_string(json_node_alloc(), text);
	}
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%s\" is no command", command);
	return NULL;
}

typedef struct {
	NfpConf conf;
	NfpControl *control;
} World;

static void world_init(World *w)
{
	gboolean taken = FALSE;

	*w = (World){ .conf = { .instance = (char *)"t", .run_dir = g_dir_make_tmp("nfp-control-XXXXXX", NULL) } };
	w->control = nfp_control_new(&w->conf, answer, NULL, &taken, NULL);
	cr_assert_not_null(w->control);
}

static void world_clear(World *w)
{
	g_autofree char *lock = g_build_filename(w->conf.run_dir, "t.lock", NULL);

	nfp_control_free(w->control);
	g_unlink(lock);
	cr_expect_eq(g_rmdir(w->conf.run_dir), 0, "nothing is left but the lock file");
	g_free(w->conf.run_dir);
}

/* A client on a thread of its own; the main loop serves. */
typedef struct {
	const NfpConf *conf;
	const char *command; /* or: */
	const char *raw;
	gsize raw_length;
	JsonObject *object;
	char *line;
	gint done;
} Client;

static void raw_exchange(Client *client)
{
	g_autofree char *path = g_build_filename(client->conf->run_dir, "t.sock", NULL);
	g_autoptr(GSocketClient) socket = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(socket, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	g_autoptr(GDataInputStream) in = NULL;

	if (!connection)
		return;
	g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), client->raw,
				  client->raw_length, NULL, NULL, NULL);
	in = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
	client->line = g_data_input_stream_read_line(in, NULL, NULL, NULL);
}

static gpointer client_run(gpointer data)
{
	Client *client = data;

	if (client->command)
		client->object = nfp_control_ask(client->conf, client->command, NULL);
	else
		raw_exchange(client);
	g_atomic_int_set(&client->done, 1);
	g_main_context_wakeup(NULL);
	return NULL;
}

static void serve(Client *client)
{
	GThread *thread = g_thread_new("client", client_run, client);

	while (!g_atomic_int_get(&client->done))
		g_main_context_iteration(NULL, TRUE);
	g_thread_join(thread);
}

Test(control, answers)
{
	World w;
	Client client = { .command = "status" };

	world_init(&w);
	client.conf = &w.conf;
	serve(&client);
	cr_assert_not_null(client.object);
	cr_expect(json_object_has_member(client.object, "collectors"));
	json_object_unref(client.object);
	world_clear(&w);
}

Test(control, socket_is_for_its_owner_alone)
{
	World w;
	struct stat st;
	g_autofree char *path = NULL;

	world_init(&w);
	path = g_build_filename(w.conf.run_dir, "t.sock", NULL);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	world_clear(&w);
}

Test(control, second_daemon_is_refused_and_a_dead_ones_socket_is_not)
{
	World w;
	gboolean taken = FALSE;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;

	world_init(&w);
	cr_expect_null(nfp_control_new(&w.conf, answer, NULL, &taken, &error));
	cr_expect(taken);
	cr_expect(strstr(error->message, "another nfprobe runs"));
	nfp_control_free(w.control);
	path = g_build_filename(w.conf.run_dir, "t.sock", NULL);
	cr_assert(g_file_set_contents(path, "", 0, NULL));
	w.control = nfp_control_new(&w.conf, answer, NULL, &taken, NULL);
	cr_expect_not_null(w.control);
	world_clear(&w);
}

Test(control, unwritable_place_is_an_error_and_not_a_claim)
{
	NfpConf conf = { .instance = (char *)"t", .run_dir = (char *)"/proc/nfprobe" };
	gboolean taken = FALSE;
	g_autoptr(GError) error = NULL;

	cr_expect_null(nfp_control_new(&conf, answer, NULL, &taken, &error));
	cr_expect_not(taken);
	cr_expect_not_null(error);
}

Test(control, bad_requests_get_an_answer)
{
	static char long_one[5000];
	const struct {
		const char *raw;
		gsize length;
		const char *part;
	} cases[] = {
		{ "hello\n", 6, "not a request" },
		{ "[]\n", 3, "not a request" },
		{ "{\"command\": 5}\n", 15, "not a request" },
		{ "{\"command\": \"dance\"}\n", 21, "no command" },
		{ "{\"command\": \"\\615\"}\n", 20, "not a request" },
		{ long_one, sizeof(long_one), "too long" },
	};

	memset(long_one, 'x', sizeof(long_one));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		World w;
		Client client = { .raw = cases[i].raw, .raw_length = cases[i].length };

		world_init(&w);
		client.conf = &w.conf;
		serve(&client);
		cr_expect(client.line && strstr(client.line, "\"error\"") && strstr(client.line, cases[i].part),
			  "%s: %s", cases[i].part, client.line ? client.line : "nothing");
		g_free(client.line);
		world_clear(&w);
	}
}

Test(control, nobody_there)
{
	NfpConf conf = { .instance = (char *)"t", .run_dir = (char *)"/nonexistent" };

	cr_expect_null(nfp_control_ask(&conf, "status", NULL));
}

static int connected(const World *w)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/t.sock", w->conf.run_dir);
	cr_assert_eq(connect(s, (struct sockaddr *)&address, sizeof(address)), 0);
	return s;
}

static gboolean is_closed(int s)
{
	char octet;

	return recv(s, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

Test(control, sixteen_clients_at_a_time, .timeout = 60)
{
	guint closed = 0;
	int s[17];
	World w;

	world_init(&w);
	for (guint i = 0; i < G_N_ELEMENTS(s); i++) {
		s[i] = connected(&w);
		g_main_context_iteration(NULL, FALSE); /* a connect() waits while ten are not accepted */
	}
	while (!closed) {
		g_main_context_iteration(NULL, FALSE);
		for (guint i = 0; i < G_N_ELEMENTS(s); i++)
			closed += is_closed(s[i]);
	}
	cr_expect_eq(closed, 1);
	for (guint i = 0; i < G_N_ELEMENTS(s); i++)
		close(s[i]);
	world_clear(&w);
}

static gboolean trickle(gpointer data)
{
	return send(*(int *)data, "x", 1, MSG_NOSIGNAL) == 1;
}

/* Each octet comes in time, the request never does. */
Test(control, slow_client, .timeout = 60)
{
	char line[256] = "";
	guint source;
	World w;
	int s;

	world_init(&w);
	s = connected(&w);
	source = g_timeout_add(100, trickle, &s);
	while (recv(s, line, sizeof(line) - 1, MSG_DONTWAIT) <= 0)
		g_main_context_iteration(NULL, TRUE);
	cr_expect(strstr(line, "took too long"), "%s", line);
	g_source_remove(source);
	close(s);
	world_clear(&w);
}

/* Some 80 kB a second: never still for long, and at the end of the answer after minutes. */
static gboolean read_some(gpointer data)
{
	static char some[40000];

	return recv(*(int *)data, some, sizeof(some), MSG_DONTWAIT) != 0;
}

Test(control, a_client_that_does_not_read, .timeout = 60)
{
	static const char request[] = "{\"command\": \"much\"}\n";
	struct pollfd fd = { .events = 0 };
	guint source;
	World w;
	int s;

	world_init(&w);
	fd.fd = s = connected(&w);
	cr_assert_eq(send(s, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	source = g_timeout_add(500, read_some, &s);
	while (!(poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP))
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(source);
	close(s);
	world_clear(&w);
}

typedef struct {
	const NfpConf *conf;
	GCancellable *cancel;
	JsonObject *object;
	GError *error;
} Asker;

static gpointer ask(gpointer data)
{
	Asker *asker = data;

	asker->object = nfp_control_ask_within(asker->conf, "status", 3600, asker->cancel, &asker->error);
	return NULL;
}

/* The main loop that would answer waits for the one who asks: that one can be told to give up. */
Test(control, a_question_is_cancelled, .timeout = 60)
{
	Asker asker = { .cancel = g_cancellable_new() };
	GThread *thread;
	World w;

	world_init(&w);
	asker.conf = &w.conf;
	thread = g_thread_new("asker", ask, &asker);
	g_cancellable_cancel(asker.cancel);
	g_thread_join(thread);
	cr_expect_null(asker.object);
	cr_expect(g_error_matches(asker.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
	g_clear_error(&asker.error);
	g_object_unref(asker.cancel);
	world_clear(&w);
}
