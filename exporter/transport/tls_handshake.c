/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/tls_handshake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/tls_credentials.h"

#define FAILED "Error performing TLS handshake: " /* GIO's; we say so ourselves */
#define CERTIFICATE_WANTED "the collector wants a client certificate: set tls.certificate and tls.key"

struct NfpTlsHandshake {
	GSocket *socket;
	char *host;
	NfpTlsOptions options;
	int fd;
	GCancellable *cancel;
	GThread *thread;
	GTlsCertificateFlags faults; /* of the peer's certificate; the thread's, as the next */
	gboolean asked;              /* for a certificate that we have not */
	/* Written by the thread before `done`, read by the owner after it. */
	atomic_bool done;
	GObject *connection;
	GError *err;
};

/* Is asked for a certificate where none is configured: TLS 1.2 has no alert that says what the peer misses. */
typedef struct {
	GTlsInteraction base;
	gboolean *asked;
} Interaction;
typedef GTlsInteractionClass InteractionClass;

GType interaction_get_type(void);
G_DEFINE_TYPE(Interaction, interaction, G_TYPE_TLS_INTERACTION)

static GTlsInteractionResult on_request(GTlsInteraction *interaction, GTlsConnection *connection,
					GTlsCertificateRequestFlags flags, GCancellable *cancel, GError **err)
{
	*((Interaction *)interaction)->asked = TRUE;
	return G_TLS_INTERACTION_UNHANDLED;
}

static void interaction_class_init(InteractionClass *class)
{
	class->request_certificate = on_request;
}

static void interaction_init(Interaction *interaction)
{
}

typedef struct {
	GTlsCertificateFlags flag;
	const char *text; /* behind "the collector's certificate "; %s: the name, or the CAs */
} Fault;

/* The gravest first. */
static const Fault faults[] = {
	{ G_TLS_CERTIFICATE_EXPIRED, "has expired" },
	{ G_TLS_CERTIFICATE_NOT_ACTIVATED, "is not valid yet (or this machine's clock is wrong)" },
	{ G_TLS_CERTIFICATE_REVOKED, "is revoked" },
	{ G_TLS_CERTIFICATE_UNKNOWN_CA, "is signed by no CA of tls.ca (default: the system's)" },
	{ G_TLS_CERTIFICATE_BAD_IDENTITY, "is for another name than \"%s\" (tls.server_name)" },
	{ G_TLS_CERTIFICATE_INSECURE, "uses an algorithm or a key that is too weak" },
	{ G_TLS_CERTIFICATE_GENERIC_ERROR, "cannot be verified" },
};

static const char *server_name(const NfpTlsHandshake *handshake)
{
	return handshake->options.server_name ? handshake->options.server_name : handshake->host;
}

/* Asked only when something is wrong with it. */
static gboolean on_certificate(GObject *connection, GTlsCertificate *certificate, GTlsCertificateFlags flags,
			       NfpTlsHandshake *handshake)
{
	handshake->faults = flags;
	return !handshake->options.verify;
}

void nfp_tls_explain(GError **err, const char *when)
{
	g_autoptr(GError) from = g_steal_pointer(err);
	const char *text = NULL;

	/* TLS 1.3 tells by an alert (RFC 8446 6.2), which GIO has no code for. */
	if (g_error_matches(from, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED) ||
	    strstr(from->message, "Certificate is required"))
		text = CERTIFICATE_WANTED;
	else if (g_error_matches(from, G_TLS_ERROR, G_TLS_ERROR_NOT_TLS) ||
		 strstr(from->message, "unexpected TLS packet"))
		text = "what answers there speaks no TLS, no version that we speak, or refuses our certificate";
	else if (g_error_matches(from, G_TLS_ERROR, G_TLS_ERROR_EOF))
		text = "connection closed without an end of TLS";
	if (text)
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s: %s", when, text);
	else
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s: %s", when,
			    from->message + (g_str_has_prefix(from->message, FAILED) ? strlen(FAILED) : 0));
}

static void explain_certificate(const NfpTlsHandshake *handshake, GError **err)
{
	g_clear_error(err);
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *text = NULL;

		if (!(handshake->faults & faults[i].flag))
			continue;
		text = g_strdup_printf(faults[i].text, server_name(handshake));
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "the collector's certificate %s", text);
		return;
	}
}

static GObject *make_connection(NfpTlsHandshake *handshake, GError **err)
{
	g_autoptr(GSocketConnectable) name = g_network_address_new(server_name(handshake), 0);
	g_autoptr(GSocketConnection) stream = NULL;

	if (g_socket_get_socket_type(handshake->socket) == G_SOCKET_TYPE_DATAGRAM)
		return G_OBJECT(g_dtls_client_connection_new(G_DATAGRAM_BASED(handshake->socket), name, err));
	stream = g_socket_connection_factory_create_connection(handshake->socket);
	return G_OBJECT(g_tls_client_connection_new(G_IO_STREAM(stream), name, err));
}

static gboolean check_version(GObject *connection, GError **err)
{
	GTlsProtocolVersion version;

	if (G_IS_DTLS_CONNECTION(connection))
		version = g_dtls_connection_get_protocol_version(G_DTLS_CONNECTION(connection));
	else
		version = g_tls_connection_get_protocol_version(G_TLS_CONNECTION(connection));
	/* RFC 9325 3.1.1 */
	if (version == G_TLS_PROTOCOL_VERSION_TLS_1_2 || version == G_TLS_PROTOCOL_VERSION_TLS_1_3 ||
	    version == G_TLS_PROTOCOL_VERSION_DTLS_1_2)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "the collector offers no TLS version of 1.2 or later");
	return FALSE;
}

static void on_shaken(GObject *connection, GAsyncResult *result, gpointer ended)
{
	*(GAsyncResult **)ended = g_object_ref(result);
}

/* In the thread's own context: that is where GIO asks about certificates. */
static gboolean shake_hands(NfpTlsHandshake *handshake, GObject *connection, GError **err)
{
	GMainContext *context = g_main_context_get_thread_default();
	g_autoptr(GAsyncResult) ended = NULL;
	gboolean fine;

	if (G_IS_DTLS_CONNECTION(connection))
		g_dtls_connection_handshake_async(G_DTLS_CONNECTION(connection), G_PRIORITY_DEFAULT,
						  handshake->cancel, on_shaken, &ended);
	else
		g_tls_connection_handshake_async(G_TLS_CONNECTION(connection), G_PRIORITY_DEFAULT,
						 handshake->cancel, on_shaken, &ended);
	while (!ended)
		g_main_context_iteration(context, TRUE);
	if (G_IS_DTLS_CONNECTION(connection))
		fine = g_dtls_connection_handshake_finish(G_DTLS_CONNECTION(connection), ended, err);
	else
		fine = g_tls_connection_handshake_finish(G_TLS_CONNECTION(connection), ended, err);
	if (fine)
		return check_version(connection, err);
	if (g_error_matches(*err, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE) && handshake->faults &&
	    handshake->options.verify)
		explain_certificate(handshake, err);
	else if (handshake->asked) {
		g_clear_error(err);
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "TLS handshake: %s", CERTIFICATE_WANTED);
	} else
		nfp_tls_explain(err, "TLS handshake");
	return FALSE;
}

static GObject *run(NfpTlsHandshake *handshake, GError **err)
{
	g_autoptr(NfpTlsCredentials) credentials = nfp_tls_credentials_new(&handshake->options, err);
	g_autoptr(GObject) connection = credentials ? make_connection(handshake, err) : NULL;
	g_autoptr(GTlsInteraction) interaction = NULL;
	gulong signal;

	if (!connection)
		return NULL;
	interaction = g_object_new(interaction_get_type(), NULL);
	((Interaction *)interaction)->asked = &handshake->asked;
	g_object_set(connection, "database", credentials->trusted, "interaction", interaction, NULL);
	if (credentials->certificate)
		g_object_set(connection, "certificate", credentials->certificate, NULL);
	/* A session is not resumed: one whose certificate nobody verified could serve another collector that
	 * asks for it, and one lost with its collector could not be told from a good one. */
	if (g_object_class_find_property(G_OBJECT_GET_CLASS(connection), "session-resumption-enabled"))
		g_object_set(connection, "session-resumption-enabled", FALSE, NULL);
	signal = g_signal_connect(connection, "accept-certificate", G_CALLBACK(on_certificate), handshake);
	if (!shake_hands(handshake, connection, err))
		return NULL;
	g_signal_handler_disconnect(connection, signal);
	g_object_set(connection, "interaction", NULL, NULL);
	return g_steal_pointer(&connection);
}

static void *handshake_thread(void *data)
{
	NfpTlsHandshake *handshake = data;
	g_autoptr(GMainContext) context = g_main_context_new();
	uint64_t one = 1;
	ssize_t n;

	g_main_context_push_thread_default(context);
	handshake->connection = run(handshake, &handshake->err);
	g_main_context_pop_thread_default(context);
	atomic_store(&handshake->done, true);
	do {
		n = write(handshake->fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
	return NULL;
}

NfpTlsHandshake *nfp_tls_handshake_start(GSocket *socket, const char *host, const NfpTlsOptions *options,
					 GError **err)
{
	g_autoptr(NfpTlsHandshake) handshake = g_new0(NfpTlsHandshake, 1);

	handshake->socket = g_object_ref(socket);
	handshake->host = g_strdup(host);
	nfp_tls_options_copy(&handshake->options, options);
	handshake->cancel = g_cancellable_new();
	handshake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (handshake->fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an eventfd");
		return NULL;
	}
	handshake->thread = g_thread_try_new("nfp-handshake", handshake_thread, handshake, err);
	return handshake->thread ? g_steal_pointer(&handshake) : NULL;
}

int nfp_tls_handshake_fd(const NfpTlsHandshake *handshake)
{
	return handshake->fd;
}

gboolean nfp_tls_handshake_finish(NfpTlsHandshake *handshake, GObject **ret_connection, GError **err)
{
	if (!atomic_load(&handshake->done))
		return FALSE;
	if (handshake->err)
		g_propagate_error(err, g_steal_pointer(&handshake->err));
	else
		*ret_connection = g_steal_pointer(&handshake->connection);
	return TRUE;
}

void nfp_tls_handshake_free(NfpTlsHandshake *handshake)
{
	if (!handshake)
		return;
	/* GIO's handshake returns at once when it is cancelled. */
	if (handshake->cancel)
		g_cancellable_cancel(handshake->cancel);
	if (handshake->thread)
		g_thread_join(handshake->thread);
	g_clear_object(&handshake->connection);
	g_clear_error(&handshake->err);
	g_clear_object(&handshake->cancel);
	g_clear_object(&handshake->socket);
	nfp_fd_clear(&handshake->fd);
	nfp_tls_options_clear(&handshake->options);
	g_free(handshake->host);
	g_free(handshake);
}
