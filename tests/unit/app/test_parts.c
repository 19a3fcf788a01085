/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/parts.h"

#include <criterion/criterion.h>

static NfpConf *conf_of(const char *text)
{
	NfpConf *conf = nfp_conf_parse("f", text, NULL);

	cr_assert_not_null(conf);
	return conf;
}

/* Standard output is ours without collectors, and as long as an option says so. */
Test(parts, printer_comes_and_goes)
{
	NfpRunOptions options = { .table = FALSE };
	g_autoptr(NfpConf) none = conf_of("interval: 1s\n");
	g_autoptr(NfpConf) one = conf_of("collectors:\n  - { name: a, endpoint: \"udp://127.0.0.1:1\" }\n");
	NfpDaemon d = { .conf = none, .options = &options };
	NfpPrinter *printer;

	cr_assert(nfp_parts_printer(&d, NULL));
	printer = d.printer;
	cr_assert_not_null(printer);
	cr_assert(nfp_parts_printer(&d, NULL));
	cr_expect_eq(d.printer, printer, "the same one");
	d.conf = one;
	cr_assert(nfp_parts_printer(&d, NULL));
	cr_expect_null(d.printer);
	options.table = TRUE;
	cr_assert(nfp_parts_printer(&d, NULL));
	cr_expect_not_null(d.printer);
	nfp_printer_free(d.printer);
}

Test(parts, a_page_borrows_what_it_is_given)
{
	g_autoptr(NfpConf) conf = conf_of("metrics: { listen: \"127.0.0.1:0\" }\n");
	g_autoptr(NfpConf) taken = NULL;
	g_autofree char *text = NULL;
	NfpDaemon d = { .conf = conf }, other = { .conf = conf };
	g_autoptr(GError) err = NULL;

	cr_assert(nfp_parts_web(&d, conf, &err), "%s", err ? err->message : "");
	cr_expect_eq(d.web_conf, conf);
	text = g_strdup_printf("metrics: { listen: \"127.0.0.1:%u\" }\n", nfp_web_port(d.web));
	taken = conf_of(text);
	cr_expect_not(nfp_parts_web(&other, taken, &err));
	cr_expect_null(other.web_conf);
	nfp_parts_web_free(&d);
	cr_expect_null(d.web);
	nfp_parts_web_free(&d);
	nfp_talkers_free(d.talkers);
	nfp_talkers_free(other.talkers);
}
