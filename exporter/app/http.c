// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/listen.h"

#define CONNECTIONS 64u
#define PLACES 48u /* of them: what is beyond is for those that come while another is shown out */
#define EACH_ADDRESS 16u /* connections of one client, where clients have addresses of their own */
#define TIMEOUT_S 10u
#define MEMORY (16u << 10)
#define PATH_MAX_OCTETS 256
#define BACKLOG 64

struct NfpHttp {
	struct MHD_Daemon *daemon;
	NfpHttpGet get;
	void *data;
	gboolean loopback;
	guint16 port;
	GQueue places; /* Place; who waits longest for a whole request, or for its answer to be read, first. Server's thread */
};

typedef struct {
	GList link; /* in `places` */
	int fd;
	gboolean shown_out;
} Place;

/* Nothing from elsewhere, nothing to elsewhere; the page brings its own script and style. */
static const char *const headers[][2] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
				     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
};

static enum MHD_Result reply(struct MHD_Connection *connection, guint status, const char *type, char *text, gsize length)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	g_free(text);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (guint i = 0; i < G_N_ELEMENTS(headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, guint status, const char *why)
{
	return reply(connection, status, "text/plain; charset=utf-8", g_strdup(why), strlen(why));
}

/* "localhost:9469", "127.0.0.1", "[::1]:9469": what nobody can point elsewhere. */
static gboolean is_here(const char *host)
{
	g_autofree char *name = NULL;
	struct in6_addr address;

	if (!host)
		return TRUE; /* HTTP/1.0: no browser */
	if (*host == '[')
		name = g_strndup(host + 1, strcspn(host + 1, "]"));
	else
		name = g_strndup(host, strcspn(host, ":"));
	return !g_ascii_strcasecmp(name, "localhost") || inet_pton(AF_INET, name, &address) == 1 ||
	       inet_pton(AF_INET6, name, &address) == 1;
}

/* Whoever holds a place and gets no request done, octet by octet, loses it to those that come: time limits alone would let
 * a few that trickle keep everybody else out. The connection's end is libmicrohttpd's to notice. */
static void show_out(NfpHttp *http)
{
	guint stay = 0;

	for (GList *l = http->places.tail; l; l = l->prev) {
		Place *place = l->data;

		if (place->shown_out || stay++ < PLACES)
			continue;
		place->shown_out = TRUE;
		shutdown(place->fd, SHUT_RDWR);
	}
}

static void on_connection(void *data, struct MHD_Connection *connection, void **socket_state,
			  enum MHD_ConnectionNotificationCode what)
{
	NfpHttp *http = data;
	Place *place = *socket_state;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		place = g_new0(Place, 1);
		place->link.data = place;
		place->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		g_queue_push_tail_link(&http->places, &place->link);
		*socket_state = place;
		show_out(http);
	} else if (place) { /* its socket is closed after this */
		g_queue_unlink(&http->places, &place->link);
		g_free(place);
		*socket_state = NULL;
	}
}

/* A request is whole: its client goes to the end of the queue. */
static void is_served(NfpHttp *http, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	Place *place = info ? info->socket_context : NULL;

	if (!place)
		return;
	g_queue_unlink(&http->places, &place->link);
	g_queue_push_tail_link(&http->places, &place->link);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *body, size_t *body_size, void **state)
{
	NfpHttp *http = data;
	NfpHttpAnswer answer = { .status = MHD_HTTP_OK };
	static char seen; /* only its address counts: the first call has the head alone */

	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	if (*body_size) { /* a body that nobody asked for: read and forgotten */
		*body_size = 0;
		return MHD_YES;
	}
	is_served(http, connection);
	if (!g_str_equal(method, MHD_HTTP_METHOD_GET) && !g_str_equal(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered\n");
	if (http->loopback && !is_here(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
		return refuse(connection, MHD_HTTP_FORBIDDEN,
			      "this server listens on loopback: ask for localhost or an address, not for a name\n");
	if (strlen(url) > PATH_MAX_OCTETS)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	http->get(url, http->data, &answer);
	return reply(connection, answer.status, answer.type, answer.text, answer.length);
}

/* A socket of our own: libmicrohttpd does not say why it could not bind. */
static int bind_socket(const struct sockaddr_storage *address, socklen_t length, const char *listen_text, GError **err)
{
	int s = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (s >= 0 && !setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(s, (const struct sockaddr *)address, length) && !listen(s, BACKLOG))
		return s;
	nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot listen on %s%s", listen_text,
			errno == EADDRINUSE ? " (another program has the port: choose another, metrics.listen)" : "");
	if (s >= 0)
		close(s);
	return -1;
}

static guint16 port_of(int s)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	if (getsockname(s, (struct sockaddr *)&address, &length))
		return 0;
	/* Both families have the port at the same place (struct sockaddr_in, sockaddr_in6). */
	return g_ntohs(((struct sockaddr_in *)&address)->sin_port);
}

NfpHttp *nfp_http_new(const char *listen_text, NfpHttpGet get, void *data, GError **err)
{
	g_autofree NfpHttp *http = g_new0(NfpHttp, 1);
	struct sockaddr_storage address;
	socklen_t length;
	int s;

	if (!nfp_listen_parse(listen_text, &address, &length, err))
		return NULL;
	s = bind_socket(&address, length, listen_text, err);
	if (s < 0)
		return NULL;
	http->get = get;
	http->data = data;
	http->loopback = nfp_listen_is_loopback(&address);
	http->port = port_of(s);
	g_queue_init(&http->places);
	http->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET,
					s, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
					/* On loopback all have one address; 0: no limit. */
					MHD_OPTION_PER_IP_CONNECTION_LIMIT, http->loopback ? 0u : EACH_ADDRESS,
					MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
	if (!http->daemon) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "cannot serve on %s: no thread or no memory", listen_text);
		close(s);
		return NULL;
	}
	return g_steal_pointer(&http);
}

guint16 nfp_http_port(const NfpHttp *http)
{
	return http->port;
}

void nfp_http_free(NfpHttp *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon); /* closes the socket too */
	g_free(http);
}
