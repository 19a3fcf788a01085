/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "collector/collector.h"
#include "collector/pairs.h"
#include "encode/encoder.h"

#define MIB (1024u * 1024)
#define S 1000000000u

Test(pairs, every_protocol_goes_somewhere_and_every_way_exists)
{
	const char *const *names = nfp_encoder_protocols();

	for (guint i = 0; names[i]; i++) {
		const NfpPair *pair = nfp_pair_find(names[i]);
		g_auto(GStrv) schemes = NULL;

		cr_assert_not_null(pair, "%s", names[i]);
		schemes = g_strsplit(pair->schemes, " ", -1);
		for (guint j = 0; schemes[j]; j++) {
			cr_assert_not_null(nfp_transport_find(schemes[j]), "%s", schemes[j]);
			cr_assert(nfp_pair_allows(pair, schemes[j]));
		}
		cr_assert_not(nfp_pair_allows(pair, "sctp"));
	}
	cr_assert_null(nfp_pair_find("sflow"));
}

static const struct {
	const char *endpoint, *protocol;
	uint64_t size, interval;
	uint32_t keep;
	uint32_t mtu;
	const char *option, *says; /* NULL: fine */
} cases[] = {
	{ "udp://h", NULL, 0, 0, 0, 0, NULL, NULL },
	{ "tcp://h", "ipfix", 0, 0, 0, 0, NULL, NULL },
	{ "file:///a", "ipfix", MIB, S, 1, 0, NULL, NULL },
	{ "file:///a", "json", MIB, 0, 1, 0, NULL, NULL },
	{ "file:///a", NULL, 0, S, 0, 0, NULL, NULL },
	{ "tcp://h", "json", 0, 0, 0, 0, NULL, NULL },
	{ "stdout:", NULL, 0, 0, 0, 0, NULL, NULL },
	{ "stdout:", "ipfix", 0, 0, 0, 0, "protocol", "ipfix does not go over stdout: " },
	{ "zmq://*", NULL, 0, 0, 0, 0, NULL, NULL },
	{ "zmq://h:1", "ntopng", 0, 0, 0, 8192, NULL, NULL },
	{ "zmq://h:1", "ntopng", 0, 0, 0, 8191, "mtu", "auto or 8192 to" },
	{ "zmq://*", "ipfix", 0, 0, 0, 0, "protocol", "allowed: udp, tcp, tls, dtls, file" },
	{ "udp://h", "ntopng", 0, 0, 0, 0, "protocol", "allowed: zmq" },
	{ "udp://h", "json", 0, 0, 0, 0, "protocol", "allowed: file, tcp, tls, stdout" },
	{ "udp://h", "sflow", 0, 0, 0, 0, "protocol", "unknown protocol" },
	{ "upd://h", NULL, 0, 0, 0, 0, "endpoint", "not known" },
	{ "tcp://h", NULL, 1, 0, 0, 0, "rotate", "only files" },
	{ "file:///a", NULL, 0, 0, 1, 0, "rotate", "nothing tells when" },
	{ "file:///a", NULL, MIB - 1, 0, 0, 0, "rotate", "1MiB or more" },
	{ "file:///a", NULL, 0, S - 1, 0, 0, "rotate", "1s or more" },
};

Test(pairs, what_goes_together)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		NfpCollectorOptions options = { .endpoint = (char *)cases[i].endpoint,
						.protocol = (char *)cases[i].protocol,
						.rotate_size = cases[i].size,
						.rotate_interval = cases[i].interval,
						.rotate_keep = cases[i].keep,
						.mtu = cases[i].mtu };
		g_autoptr(GError) err = NULL;
		const char *option = NULL;
		gboolean fine = nfp_collector_options_check(&options, &option, &err);

		cr_assert_eq(fine, cases[i].option == NULL, "%s %s: %s", cases[i].endpoint, cases[i].protocol,
			     err ? err->message : "fine");
		if (fine)
			continue;
		cr_assert_str_eq(option, cases[i].option);
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_assert(strstr(err->message, cases[i].says), "%s", err->message);
	}
}

Test(pairs, a_spool_that_could_not_serve)
{
	static const struct {
		const char *endpoint, *path, *says; /* NULL: fine */
	} spools[] = {
		{ "udp://h", "/s", NULL },
		{ "dtls://h", "/s", NULL },
		{ "udp://h", NULL, "on_icmp: there is no spool; allowed: with path" },
		{ "tcp://h", "/s", "on_icmp: tcp knows itself when its collector is away" },
		{ "file:///a", "/s", "on_icmp: file knows itself" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(spools); i++) {
		NfpCollectorOptions options = { .endpoint = (char *)spools[i].endpoint,
						.spool_path = (char *)spools[i].path,
						.spool_on_icmp = TRUE };
		g_autoptr(GError) err = NULL;
		const char *option = NULL;

		cr_assert_eq(nfp_collector_options_check(&options, &option, &err), spools[i].says == NULL, "%s",
			     spools[i].endpoint);
		if (!spools[i].says)
			continue;
		cr_assert_str_eq(option, "spool");
		cr_assert(strstr(err->message, spools[i].says), "%s", err->message);
	}
}

Test(pairs, link_local_addresses_have_an_interface)
{
	static const struct {
		const char *endpoint, *source, *device, *option, *says;
	} cases_of[] = {
		{ "udp://[fe80::1%eth0]", NULL, NULL, NULL, NULL },
		{ "udp://[fe80::1]", NULL, "eth0", NULL, NULL },
		{ "udp://[2001:db8::1]", "fe80::1", "eth0", NULL, NULL },
		{ "udp://169.254.0.1", "169.254.0.2", NULL, NULL, NULL },
		{ "file:///a", NULL, NULL, NULL, NULL },
		{ "tcp://[fe80::1]", NULL, NULL, "endpoint",
		  "fe80::1 is a link-local address; allowed: with its interface, as in [fe80::1%eth0], or with device" },
		{ "udp://[fe80::1%eth0]", "fe80::2", NULL, "source",
		  "fe80::2 is a link-local address; allowed: with device, its interface" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases_of); i++) {
		NfpCollectorOptions options = { .endpoint = (char *)cases_of[i].endpoint,
						.source = (char *)cases_of[i].source,
						.device = (char *)cases_of[i].device };
		g_autoptr(GError) err = NULL;
		const char *option = NULL;

		cr_assert_eq(nfp_collector_options_check(&options, &option, &err), cases_of[i].says == NULL, "case %u", i);
		if (!cases_of[i].says)
			continue;
		cr_assert_str_eq(option, cases_of[i].option);
		cr_assert_str_eq(err->message, cases_of[i].says);
	}
}

Test(pairs, default_protocols)
{
	cr_assert_str_eq(nfp_collector_protocol("udp://h"), "ipfix");
	cr_assert_str_eq(nfp_collector_protocol("stdout:"), "json");
	cr_assert_str_eq(nfp_collector_protocol("zmq://*"), "ntopng");
	cr_assert_str_eq(nfp_collector_protocol("nothing"), "ipfix");
}
