/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/control.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define CLIENTS_MAX 16
#define REQUEST_MAX 4096
#define TIMEOUT_S 5
#define DEADLINE_S (2 * TIMEOUT_S)

struct NfpControl {
	GSocketService *service;
	char *path;
	int lock; /* flock: one daemon an instance, given back by the kernel whatever way it ends */
	guint clients;
	NfpControlAnswer answer;
	void *data;
};

typedef struct {
	NfpControl *control;
	GSocketConnection *connection;
	GString *reply;
	gint64 read_until;    /* monotonic us, for the whole request: the socket's timeout is for each part of it */
	GCancellable *cancel; /* at the deadline, for whoever reads his answer octet by octet */
	GSource *deadline;
	char request[REQUEST_MAX + 1];
	gsize length;
} Client;

static void client_free(Client *client)
{
	client->control->clients--;
	g_source_destroy(client->deadline);
	g_source_unref(client->deadline);
	g_object_unref(client->cancel);
	g_object_unref(client->connection);
	if (client->reply)
		g_string_free(client->reply, TRUE);
	g_free(client);
}

static char *error_line(const char *what)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(b);
	json_builder_set_member_name(b, "error");
	json_builder_add_string_value(b, what);
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	return json_to_string(root, FALSE);
}

static char *answer_line(NfpControl *control, const char *request)
{
	g_autoptr(JsonNode) node = json_from_string(request, NULL);
	g_autoptr(JsonNode) answer = NULL;
	g_autoptr(GError) err = NULL;
	JsonNode *command = NULL;

	if (node && JSON_NODE_HOLDS_OBJECT(node))
		command = json_object_get_member(json_node_get_object(node), "command");
	/* By its escapes a string may become anything; what is answered with it has to be UTF-8. */
	if (!command || json_node_get_value_type(command) != G_TYPE_STRING ||
	    !g_utf8_validate(json_node_get_string(command), -1, NULL))
		return error_line("not a request: send {\"command\": \"status\"} and a newline");
	answer = control->answer(json_node_get_string(command), control->data, &err);
	return answer ? json_to_string(answer, FALSE) : error_line(err->message);
}

static void written(GObject *stream, GAsyncResult *result, void *data)
{
	/* A client that has gone is none of our business. */
	g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, NULL);
	client_free(data);
}

static void reply(Client *client, char *line)
{
	client->reply = g_string_new(line);
	g_string_append_c(client->reply, '\n');
	g_free(line);
	g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(client->connection)),
					client->reply->str, client->reply->len, G_PRIORITY_DEFAULT, client->cancel,
					written, client);
}

static void read_more(Client *client);

static void have_read(GObject *stream, GAsyncResult *result, void *data)
{
	Client *client = data;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);

	if (n < 0) {
		client_free(client);
		return;
	}
	client->length += n;
	client->request[client->length] = '\0';
	if (strchr(client->request, '\n') || (n == 0 && client->length))
		reply(client, answer_line(client->control, client->request));
	else if (n == 0)
		client_free(client);
	else if (client->length == REQUEST_MAX)
		reply(client, error_line("the request is too long"));
	else if (g_get_monotonic_time() > client->read_until)
		reply(client, error_line("the request took too long"));
	else
		read_more(client);
}

static void read_more(Client *client)
{
	g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(client->connection)),
				  client->request + client->length, REQUEST_MAX - client->length,
				  G_PRIORITY_DEFAULT, client->cancel, have_read, client);
}

static gboolean is_late(gpointer data)
{
	g_cancellable_cancel(((Client *)data)->cancel);
	return G_SOURCE_CONTINUE; /* destroyed with the client */
}

static gboolean incoming(GSocketService *service, GSocketConnection *connection, GObject *source, void *data)
{
	NfpControl *control = data;
	Client *client;

	if (control->clients >= CLIENTS_MAX)
		return TRUE; /* dropped: the connection ends with its last reference */
	control->clients++;
	client = g_new0(Client, 1);
	client->control = control;
	client->read_until = g_get_monotonic_time() + TIMEOUT_S * G_USEC_PER_SEC;
	client->cancel = g_cancellable_new();
	client->deadline = g_timeout_source_new_seconds(DEADLINE_S);
	g_source_set_callback(client->deadline, is_late, client, NULL);
	g_source_attach(client->deadline, g_main_context_get_thread_default());
	client->connection = g_object_ref(connection);
	g_socket_set_timeout(g_socket_connection_get_socket(connection), TIMEOUT_S);
	read_more(client);
	return TRUE;
}

static char *path_of(const NfpConf *conf, const char *suffix)
{
	g_autofree char *name = g_strconcat(conf->instance, suffix, NULL);

	return g_build_filename(conf->run_dir, name, NULL);
}

static int claim(const NfpConf *conf, gboolean *ret_taken, GError **err)
{
	g_autofree char *path = path_of(conf, ".lock");
	NFP_AUTO_FD int fd = -1;

	if (g_mkdir_with_parents(conf->run_dir, 0755)) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make %s", conf->run_dir);
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot open %s", path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		*ret_taken = errno == EWOULDBLOCK;
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "another nfprobe runs as instance \"%s\" (it holds %s); stop it, or give this one "
			    "another name: --instance NAME", conf->instance, path);
		return -1;
	}
	return nfp_fd_steal(&fd);
}

static gboolean listen_at(NfpControl *control, GError **err)
{
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(control->path);
	mode_t mask = umask(0177);
	gboolean fine;

	g_unlink(control->path); /* we hold the lock: it is a dead daemon's */
	fine = g_socket_listener_add_address(G_SOCKET_LISTENER(control->service), address, G_SOCKET_TYPE_STREAM,
					     G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, err);
	umask(mask);
	return fine;
}

NfpControl *nfp_control_new(const NfpConf *conf, NfpControlAnswer answer, void *data, gboolean *ret_taken,
			    GError **err)
{
	g_autoptr(NfpControl) control = g_new0(NfpControl, 1);

	control->path = path_of(conf, ".sock");
	control->answer = answer;
	control->data = data;
	control->lock = claim(conf, ret_taken, err);
	if (control->lock < 0)
		return NULL;
	control->service = g_socket_service_new();
	if (!listen_at(control, err)) {
		g_prefix_error(err, "cannot listen at %s: ", control->path);
		return NULL;
	}
	g_signal_connect(control->service, "incoming", G_CALLBACK(incoming), control);
	return g_steal_pointer(&control);
}

void nfp_control_free(NfpControl *control)
{
	if (!control)
		return;
	if (control->service) {
		g_socket_service_stop(control->service);
		g_socket_listener_close(G_SOCKET_LISTENER(control->service));
		/* Answers under way hold a pointer to us, for no longer than their timeout. */
		while (control->clients)
			g_main_context_iteration(NULL, TRUE);
		g_object_unref(control->service);
		g_unlink(control->path);
	}
	nfp_fd_clear(&control->lock);
	g_free(control->path);
	g_free(control);
}

static char *exchange(GSocketConnection *connection, const char *command, GCancellable *cancel, GError **err)
{
	g_autoptr(GDataInputStream) in =
		g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
	g_autofree char *request = g_strdup_printf("{\"command\": \"%s\"}\n", command);

	g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(in), FALSE);
	if (!g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), request,
				       strlen(request), NULL, cancel, err))
		return NULL;
	return g_data_input_stream_read_line(in, NULL, cancel, err);
}

JsonObject *nfp_control_ask(const NfpConf *conf, const char *command, GError **err)
{
	return nfp_control_ask_within(conf, command, TIMEOUT_S, NULL, err);
}

JsonObject *nfp_control_ask_within(const NfpConf *conf, const char *command, guint seconds, GCancellable *cancel,
				   GError **err)
{
	g_autofree char *path = path_of(conf, ".sock");
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketConnection) connection = NULL;
	g_autoptr(JsonNode) node = NULL;
	g_autofree char *line = NULL;

	g_socket_client_set_timeout(client, seconds);
	connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), cancel, err);
	if (!connection)
		return NULL;
	line = exchange(connection, command, cancel, err);
	if (!line)
		return NULL;
	node = json_from_string(line, err);
	if (!node || !JSON_NODE_HOLDS_OBJECT(node))
		return NULL;
	return json_node_dup_object(node);
}
