/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/doctor.h"
#include "enrich/enrich.h"
#include "record/templates.h"
#include "transport/endpoint.h"

#define MIB (1024.0 * 1024)
#define FREE_LEAST (256 * MIB)  /* less is soon full */
#define CONNECT_S 5             /* for each address */
#define ICMP_US (500 * 1000)    /* an answer from a reachable host that does not listen */
#define DATABASE_US (10 * G_USEC_PER_SEC)

#define OK(topic, ...) nfp_doctor_add(doctor, NFP_DOCTOR_OK, topic, NULL, __VA_ARGS__)
#define WARN(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_WARN, topic, advice, __VA_ARGS__)
#define FAIL(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_FAIL, topic, advice, __VA_ARGS__)

/* ---- files --------------------------------------------------------------------------------------- */

static void check_templates(NfpDoctor *doctor, const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = NULL;
	const char *file;
	guint n = 0;

	if (!folder)
		return;
	dir = g_dir_open(folder, 0, &error);
	if (!dir) {
		FAIL("templates", "make the folder, or leave `templates:` out", "%s", error->message);
		return;
	}
	while ((file = g_dir_read_name(dir))) {
		g_autofree char *name = g_str_has_suffix(file, ".yaml") ? g_strndup(file, strlen(file) - 5) : NULL;
		g_autoptr(GError) wrong = NULL;
		g_autoptr(NfpTemplateSet) set = name ? nfp_template_set_load(folder, name, &wrong) : NULL;

		n += set != NULL;
		if (name && !set)
			FAIL("templates", NULL, "%s", wrong->message);
	}
	OK("templates", "%s: %u set%s of your own", folder, n, n == 1 ? "" : "s");
}

static void check_database(NfpDoctor *doctor, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpEnrich) enrich = path ? nfp_enrich_new(path, &error) : NULL;
	g_auto(NfpEnrichStatus) status = { 0 };

	if (!path)
		return;
	if (!enrich) {
		FAIL("database", NULL, "%s", error->message);
		return;
	}
	if (!nfp_enrich_wait(enrich, g_get_monotonic_time() + DATABASE_US)) {
		WARN("database", NULL, "%s is not read after %u s: records go without its facts until it is", path,
		     (guint)(DATABASE_US / G_USEC_PER_SEC));
		return;
	}
	nfp_enrich_status(enrich, &status);
	if (status.error)
		FAIL("database", "nfprobe enrich import makes one", "%s: %s", path, status.error);
	else
		OK("database", "%s: %" G_GUINT64_FORMAT " prefixes, %" G_GUINT64_FORMAT " hosts, %.0f MiB", path,
		   status.prefixes, status.hosts, (double)status.memory / MIB);
	if (status.left_out)
		WARN("database", "the log of `nfprobe run` says which", "%s: %" G_GUINT64_FORMAT " malformed rows are left out", path,
		     status.left_out);
}

/* A place that somebody writes `wanted` octets to, at most. */
static void check_folder(NfpDoctor *doctor, const char *topic, const char *who, const char *folder, double wanted)
{
	struct statvfs fs;

	if (access(folder, W_OK | X_OK) < 0)
		FAIL(topic, "make it, or give it to the user that runs nfprobe", "%s: %s cannot be written: %s", who, folder,
		     g_strerror(errno));
	else if (statvfs(folder, &fs) == 0 && (double)fs.f_bavail * (double)fs.f_frsize < wanted)
		WARN(topic, "make room there, or lower the limit", "%s: %.0f MiB are free at %s, up to %.0f MiB are wanted", who,
		     (double)fs.f_bavail * (double)fs.f_frsize / MIB, folder, wanted / MIB);
	else
		OK(topic, "%s: %s can be written", who, folder);
}

/* ---- collectors ---------------------------------------------------------------------------------- */

static GSocketAddress *source_of(const NfpCollectorOptions *options)
{
	return options->source ? g_inet_socket_address_new_from_string(options->source, 0) : NULL;
}

static void check_stream(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpEndpoint *endpoint)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) source = source_of(o);
	g_autoptr(GError) error = NULL;
	g_autoptr(GSocketConnection) connection = NULL;

	g_socket_client_set_timeout(client, CONNECT_S);
	g_socket_client_set_enable_proxy(client, FALSE);
	if (source)
		g_socket_client_set_local_address(client, source);
	connection = g_socket_client_connect_to_host(client, endpoint->host, endpoint->port, NULL, &error);
	if (connection)
		OK("collector", "%s: %s answers%s", o->name, o->endpoint,
		   g_str_equal(endpoint->scheme, "tls") ? " (TLS itself was not tried)" : "");
	else
		FAIL("collector", "start it, or open the way (firewall, route); until then its records wait", "%s: %s: %s",
		     o->name, o->endpoint, error->message);
}

/* A datagram without contents: who does not listen answers with ICMP, who does reads nothing in it. */
static void ask_address(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpEndpoint *endpoint, GInetAddress *address)
{
	g_autoptr(GSocketAddress) to = g_inet_socket_address_new(address, endpoint->port), from = source_of(o);
	g_autoptr(GError) error = NULL;
	g_autoptr(GSocket) sock = g_socket_new(g_inet_address_get_family(address), G_SOCKET_TYPE_DATAGRAM,
					       G_SOCKET_PROTOCOL_UDP, &error);
	g_autofree char *text = g_inet_address_to_string(address);

	if (sock && (!from || g_socket_bind(sock, from, FALSE, &error)) && g_socket_connect(sock, to, NULL, &error) &&
	    g_socket_send(sock, "", 0, NULL, &error) >= 0) {
		g_socket_condition_timed_wait(sock, G_IO_ERR, ICMP_US, NULL, NULL);
		g_socket_check_connect_result(sock, &error);
	}
	if (error)
		FAIL("collector", "start it, or open the way (firewall, route)", "%s: %s (%s): %s", o->name, o->endpoint, text,
		     error->message);
	else
		OK("collector", "%s: %s (%s): nobody says that it is not there, which is all that UDP can tell", o->name,
		   o->endpoint, text);
}

static void check_datagrams(NfpDoctor *doctor, const NfpCollectorOptions *o, const NfpEndpoint *endpoint)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GError) error = NULL;
	GList *addresses = g_resolver_lookup_by_name(resolver, endpoint->host, NULL, &error);

	if (addresses)
		ask_address(doctor, o, endpoint, addresses->data);
	else
		FAIL("collector", "check the name, and DNS", "%s: %s: %s", o->name, o->endpoint, error->message);
	g_resolver_free_addresses(addresses);
}

/* Folders that are missing are made. */
static void check_spool(NfpDoctor *doctor, const NfpCollectorOptions *o)
{
	g_autofree char *folder = g_strdup(o->spool_path);

	while (!g_file_test(folder, G_FILE_TEST_EXISTS)) {
		char *above = g_path_get_dirname(folder);

		g_free(folder);
		folder = above;
	}
	check_folder(doctor, "spool", o->name, folder, (double)o->spool_size);
}

static void check_collector(NfpDoctor *doctor, const NfpCollectorOptions *o)
{
	g_auto(NfpEndpoint) endpoint = { 0 };
	g_autoptr(GError) error = NULL;

	if (!nfp_endpoint_parse(o->endpoint, &endpoint, &error)) {
		FAIL("collector", NULL, "%s: %s", o->name, error->message);
		return;
	}
	if (endpoint.path) {
		g_autofree char *folder = g_path_get_dirname(endpoint.path);

		check_folder(doctor, "collector", o->name, folder, FREE_LEAST);
	} else if (!endpoint.host) {
		OK("collector", "%s: %s", o->name, o->endpoint);
	} else if (g_str_equal(endpoint.host, "*")) {
		OK("collector", "%s: listens for readers at %s", o->name, o->endpoint);
	} else if (g_str_equal(endpoint.scheme, "udp") || g_str_equal(endpoint.scheme, "dtls")) {
		check_datagrams(doctor, o, &endpoint);
	} else {
		check_stream(doctor, o, &endpoint);
	}
	if (o->spool_path)
		check_spool(doctor, o);
}

void nfp_doctor_outputs(NfpDoctor *doctor, const NfpConf *conf)
{
	check_templates(doctor, conf->templates);
	check_database(doctor, conf->enrichment);
	if (!conf->collectors->len)
		OK("collector", "none: records are printed");
	for (guint i = 0; i < conf->collectors->len; i++)
		check_collector(doctor, &g_array_index(conf->collectors, NfpCollectorOptions, i));
}
