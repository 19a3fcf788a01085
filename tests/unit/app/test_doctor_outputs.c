/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "support/doctor_lines.h"

static void add(NfpConf *conf, const char *endpoint)
{
	g_autoptr(GError) err = NULL;

	cr_assert(nfp_conf_add_collector(conf, endpoint, &err), "%s", err ? err->message : "");
}

/* A socket on a free port of the loopback; "udp://127.0.0.1:40000" */
static GSocket *bound(GSocketType type, const char *scheme, char **ret_endpoint)
{
	g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0), is = NULL;
	GSocket *sock = g_socket_new(G_SOCKET_FAMILY_IPV4, type, G_SOCKET_PROTOCOL_DEFAULT, NULL);

	cr_assert(g_socket_bind(sock, any, TRUE, NULL));
	is = g_socket_get_local_address(sock, NULL);
	*ret_endpoint = g_strdup_printf("%s://127.0.0.1:%u", scheme,
					g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(is)));
	return sock;
}

Test(doctor_outputs, who_listens_and_who_does_not)
{
	g_autofree char *tcp = NULL, *no_tcp = NULL, *udp = NULL, *no_udp = NULL;
	g_autoptr(GSocket) listens = bound(G_SOCKET_TYPE_STREAM, "tcp", &tcp);
	GSocket *silent = bound(G_SOCKET_TYPE_STREAM, "tcp", &no_tcp); /* bound, so that nobody takes it */
	GSocket *reads = bound(G_SOCKET_TYPE_DATAGRAM, "udp", &udp);
	GSocket *gone = bound(G_SOCKET_TYPE_DATAGRAM, "udp", &no_udp);
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();

	cr_assert(g_socket_listen(listens, NULL));
	g_object_unref(gone);
	add(conf, tcp);
	add(conf, no_tcp);
	add(conf, udp);
	add(conf, no_udp);
	add(conf, "stdout:");
	nfp_doctor_outputs(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "collector", tcp), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "collector", no_tcp), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "collector", udp), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "collector", no_udp), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "collector", "stdout"), 1);
	cr_assert_eq(nfp_doctor_code(doctor), 1);
	g_object_unref(silent);
	g_object_unref(reads);
}

Test(doctor_outputs, places_and_templates)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();
	g_autofree char *folder = g_dir_make_tmp("nfp-doctor-XXXXXX", NULL);
	g_autofree char *good = g_strdup_printf("file://%s/flows.ipfix", folder);
	g_autofree char *bad = g_strdup_printf("file://%s/nowhere/flows.ipfix", folder);
	g_autofree char *own = g_build_filename(folder, "own.yaml", NULL);
	g_autofree char *wrong = g_build_filename(folder, "wrong.yaml", NULL);

	g_file_set_contents(own, "templates: [{name: x, need: [], fields: [flowId]}]\n", -1, NULL);
	g_file_set_contents(wrong, "templates: [{name: x, need: [], fields: [flowIdd]}]\n", -1, NULL);
	conf->templates = g_strdup(folder);
	conf->enrichment = g_build_filename(folder, "no.db", NULL);
	add(conf, good);
	add(conf, bad);
	g_array_index(conf->collectors, NfpCollectorOptions, 0).spool_path = g_build_filename(folder, "spool", NULL);
	g_array_index(conf->collectors, NfpCollectorOptions, 0).spool_size = 1ull << 60;
	g_array_index(conf->collectors, NfpCollectorOptions, 1).spool_path = g_strdup("/dev/null/spool");
	nfp_doctor_outputs(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "spool", "up to 1099511627776 MiB are wanted"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "spool", "cannot be written"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "templates", "flowIdd"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "templates", "1 set of your own"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "database", "no.db"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "collector", "nowhere"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "collector", "can be written") +
			     nfpt_lines(doctor, NFP_DOCTOR_WARN, "collector", "are free"), 1);
	g_unlink(own);
	g_unlink(wrong);
	g_rmdir(folder);
}

Test(doctor_outputs, without_collectors_records_are_printed)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();

	nfp_doctor_outputs(doctor, conf);
	cr_assert_eq(doctor->lines->len, 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "collector", "printed"), 1);
}
