/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "support/doctor_lines.h"

static NfpConf *conf_of(const char *lines)
{
	g_autofree char *text = g_strconcat("hostname: edge1\ncollectors:\n", lines, NULL);
	g_autoptr(GError) err = NULL;
	NfpConf *conf = nfp_conf_parse("f", text, &err);

	cr_assert_not_null(conf, "%s", err ? err->message : "");
	return conf;
}

static NfpDoctor *examine(const char *lines, gboolean send)
{
	g_autoptr(NfpConf) conf = conf_of(lines);
	NfpDoctor *doctor = nfp_doctor_new();
	g_autoptr(GError) err = NULL;

	cr_assert(nfp_doctor_collector(doctor, conf, "c", send, &err), "%s", err ? err->message : "");
	return doctor;
}

/* No other decoder is no fault of the messages. */
static void expect_read(const NfpDoctor *doctor)
{
	g_autofree char *tshark = g_find_program_in_path("tshark");

	cr_assert_eq(nfpt_lines(doctor, tshark ? NFP_DOCTOR_OK : NFP_DOCTOR_WARN, "decoder", ""), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "decoder", ""), 0);
}

Test(doctor_collector, what_each_makes_of_the_fields, .timeout = 100)
{
	g_autoptr(NfpDoctor) nfdump = examine("  - { name: c, endpoint: \"udp://127.0.0.1\", kind: nfdump }\n", FALSE);
	g_autoptr(NfpDoctor) nine = examine("  - { name: c, endpoint: \"udp://127.0.0.1\", kind: nfdump, "
					    "protocol: netflow9 }\n", FALSE);
	g_autoptr(NfpDoctor) fixbuf = examine("  - { name: c, endpoint: \"tcp://127.0.0.1\", kind: libfixbuf, "
					      "biflow: true }\n", FALSE);

	expect_read(nfdump);
	cr_assert_eq(nfpt_lines(nfdump, NFP_DOCTOR_WARN, "fields", "nfdump ignores: "), 1);
	cr_assert_eq(nfpt_lines(nfdump, NFP_DOCTOR_WARN, "fields", "layer2OctetDeltaCount"), 1);
	cr_assert_eq(nfpt_lines(nfdump, NFP_DOCTOR_WARN, "fields", "sourceIPv4Address"), 0);
	expect_read(nine);
	cr_assert_eq(nfpt_lines(nine, NFP_DOCTOR_OK, "fields", "not sent, for netflow9 "), 1);
	expect_read(fixbuf);
	cr_assert_eq(nfpt_lines(fixbuf, NFP_DOCTOR_OK, "collector", "set biflow, kind libfixbuf"), 1);
	cr_assert_eq(nfpt_lines(fixbuf, NFP_DOCTOR_WARN, "fields", "ignores"), 0);
	cr_assert_eq(nfp_doctor_code(fixbuf), 0);
}

Test(doctor_collector, one_that_is_not_known)
{
	g_autoptr(NfpDoctor) doctor = examine("  - { name: c, endpoint: \"udp://127.0.0.1\" }\n", FALSE);

	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "fields", "not known"), 1);
}

Test(doctor_collector, ntopng_is_known_by_its_protocol)
{
	g_autoptr(NfpDoctor) doctor = examine("  - { name: c, endpoint: \"zmq://127.0.0.1:5556\" }\n", FALSE);

	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "encoder", "and one sample record"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "fields", "ntopng gets the elements that it knows"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "fields", ""), 0);
	cr_assert_eq(nfp_doctor_code(doctor), 0);
}

Test(doctor_collector, a_name_that_is_not_there)
{
	g_autoptr(NfpConf) conf = conf_of("  - { name: c, endpoint: \"udp://127.0.0.1\" }\n");
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(GError) err = NULL;

	cr_assert_not(nfp_doctor_collector(doctor, conf, "d", FALSE, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_str_eq(err->message, "there is no collector \"d\"; the configuration has c");
}

Test(doctor_collector, the_sample_goes_only_when_asked_for, .timeout = 100)
{
	g_autofree char *folder = g_dir_make_tmp("nfp-doctor-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "sample.json", NULL), *text = NULL;
	g_autofree char *lines = g_strdup_printf("  - { name: c, endpoint: \"file://%s\", protocol: json }\n", path);
	g_autoptr(NfpDoctor) quiet = examine(lines, FALSE), sent = NULL;

	cr_assert_eq(nfpt_lines(quiet, NFP_DOCTOR_OK, "decoder", "the sample is JSON"), 1);
	cr_assert_not(g_file_test(path, G_FILE_TEST_EXISTS));
	sent = examine(lines, TRUE);
	cr_assert_eq(nfpt_lines(sent, NFP_DOCTOR_OK, "sample", "192.0.2.1 > 198.51.100.1, protocol 253"), 1);
	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	cr_assert_not_null(strstr(text, "\"protocolIdentifier\":253"), "%s", text);
	cr_assert_not_null(strstr(text, "\"sourceIPv4Address\":\"192.0.2.1\""), "%s", text);
	g_unlink(path);
	g_rmdir(folder);
}
